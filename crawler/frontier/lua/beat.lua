-- beat(keys: workers, busy, state, requests, last; args: worker, ttl_ms, busy "1"|"0") -> {other busy workers, requests, last, finished 0|1}
-- Renews the worker and says whether it has work in hand. When nobody has, and nothing is pending, the crawl
-- is complete; whoever takes work after that makes it unfinished again.
local workers, busy, state, requests, last = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local worker, ttl_ms, is_busy = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call("TIME")
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

for _, gone in ipairs(redis.call("ZRANGEBYSCORE", workers, "-inf", now_ms)) do
  redis.call("ZREM", workers, gone)
  redis.call("SREM", busy, gone)
end
redis.call("ZADD", workers, now_ms + ttl_ms, worker)
if is_busy == "1" then
  redis.call("SADD", busy, worker)
  redis.call("HDEL", state, "finished")
else
  redis.call("SREM", busy, worker)
end
local busy_others = redis.call("SCARD", busy) - redis.call("SISMEMBER", busy, worker)
local pending, held_back = redis.call("ZCARD", requests), redis.call("LLEN", last)
local finished = 0
if is_busy == "0" and busy_others == 0 and pending == 0 and held_back == 0 then
  redis.call("HSET", state, "finished", "1")
  finished = 1
end
return { busy_others, pending, held_back, finished }
