-- forego(args: limit) -> requests that were dropped: fewer than `limit` where none is left
-- Drops up to `limit` requests that wait to visit a page again, as done, whether their time has come or not: the crawl is to end.
local limit, done = tonumber(ARGV[1]), 0

local function drop_from(key)
  for index, word in ipairs(redis.call("ZPOPMIN", key, limit - done)) do
    if index % 2 == 1 then
      done = done + redis.call("HDEL", REQUESTS, word)
      redis.call("HDEL", VISITS, word)
    end
  end
end

drop_from(DUE)
for _, slot in ipairs(redis.call("ZRANGE", HOSTS, 0, -1)) do
  if done == limit then break end
  drop_from(AGAIN .. slot)
  if redis.call("EXISTS", QUEUE .. slot, AGAIN .. slot) == 0 then redis.call("ZREM", HOSTS, slot) end
end
if done > 0 then redis.call("HINCRBY", CONTROL, "done", done) end
return done
