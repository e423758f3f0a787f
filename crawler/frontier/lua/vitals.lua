-- vitals(args: worker, kept_ms, said) -> 1 where the worker is known, else 0
-- Keeps for so long what an instance says of itself, and notes how far the crawl is by now: rates are told from such notes. Repeated, after a
-- lost reply, it says the same and does no harm.
local worker, kept_ms, said = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local TICK_MS, TICKS = 10000, 64 -- a ring of notes, one a tick, so that it needs no tidying up: ten minutes and some more
if not redis.call("ZSCORE", WORKERS, worker) then return 0 end
local key, history = crawl .. "vitals:" .. worker, crawl .. "history"
redis.call("HSET", key, "told_ms", string.format("%.3f", now), "said", said)
redis.call("PEXPIRE", key, kept_ms)
local control = redis.call("HMGET", CONTROL, "done", "visits", "done_noted")
local done, left = (tonumber(control[1]) or 0) + (tonumber(control[2]) or 0), redis.call("HLEN", REQUESTS) - revisits_waiting()
done = string.format("%d", done)
if string.match(control[3] or "", "^%d+") ~= done or left == 0 then -- with nothing to do, nothing stalls
  redis.call("HSET", CONTROL, "done_noted", done .. string.format(" %.0f", math.floor(now)))
end
local note = string.format("%.0f %s %d %d", math.floor(now), done, redis.call("SCARD", RECORDED), left)
redis.call("HSET", history, math.floor(now / TICK_MS) % TICKS, note)
return 1
