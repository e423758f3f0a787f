-- hold(args: slot, pause_ms, delay_ms, slower "1"|"0") -> ms until the host may be asked
-- Nobody asks the host for so long. Slower also spreads what follows, once a pause, however many workers are told of it; each request
-- after that brings the delay down a little.
local slot, pause_ms, delay_ms, slower = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == "1"
local FACTOR, LEAST_MS, MOST_MS = 1.5, 20, 10000
local state = redis.call("HMGET", HOST .. slot, "next_ms", "set_ms", "slow_ms", "paused_ms")
local next_ms, set_ms, paused_ms = tonumber(state[1]) or 0, tonumber(state[2]) or 0, tonumber(state[4]) or 0
if now < set_ms then next_ms, paused_ms = next_ms - (set_ms - now), 0 end
next_ms = math.max(next_ms, now + pause_ms)
redis.call("HSET", HOST .. slot, "next_ms", next_ms, "set_ms", now)
if slower then
  if paused_ms <= now then
    local slow_ms = math.max(LEAST_MS, delay_ms, tonumber(state[3]) or 0) * FACTOR
    redis.call("HSET", HOST .. slot, "slow_ms", math.max(delay_ms, math.min(MOST_MS, slow_ms)))
  end
  paused_ms = math.max(paused_ms, now + pause_ms)
end
redis.call("HSET", HOST .. slot, "paused_ms", paused_ms)
keep(HOST .. slot, HOST_KEPT_MS + pause_ms)
return math.ceil(next_ms - now)
