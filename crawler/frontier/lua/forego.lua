-- forego(args: limit) -> requests that still wait for their time
-- Drops up to `limit` requests that wait to visit a page again, as done: the crawl is to end.
local foregone = redis.call("ZRANGE", DUE, 0, tonumber(ARGV[1]) - 1)
local done = 0
for _, id in ipairs(foregone) do
  redis.call("ZREM", DUE, id)
  done = done + redis.call("HDEL", REQUESTS, id)
end
if done > 0 then redis.call("HINCRBY", CONTROL, "done", done) end
return redis.call("ZCARD", DUE)
