-- join(keys: workers, busy, state, requests, last, the rest of a crawl's keys…; args: worker, ttl_ms, seeds, anew "1"|"0") -> "anew" | "resumed" | "joined"
-- Counts the worker among the living, as busy. Begins a new crawl when the former one is complete, or when
-- nobody is left and nothing is pending; "resumed" is work left by a crawl that nobody is at any
-- more, unless it is to be dropped (anew). Notes what a new crawl began with.
local workers, busy, state, requests, last = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local worker, ttl_ms, seeds, anew = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local time = redis.call("TIME")
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

for _, gone in ipairs(redis.call("ZRANGEBYSCORE", workers, "-inf", now_ms)) do
  redis.call("ZREM", workers, gone)
  redis.call("SREM", busy, gone)
end
local others = redis.call("ZCARD", workers)
local pending = redis.call("ZCARD", requests) + redis.call("LLEN", last)
local outcome = "joined"
if redis.call("HEXISTS", state, "finished") == 1 or (others == 0 and (pending == 0 or anew == "1")) then
  for index = 3, #KEYS do
    redis.call("DEL", KEYS[index])
  end
  if seeds ~= "" then
    redis.call("HSET", state, "seeds", seeds)
  end
  outcome = "anew"
elseif others == 0 then
  outcome = "resumed"
end
redis.call("ZADD", workers, now_ms + ttl_ms, worker)
redis.call("SADD", busy, worker)
return outcome
