-- grant(args: worker, slot, delay_ms, cap, flight ("" for one that others in flight wait for), flight_ms, lookahead_ms)
--   -> {"1", ms until the request may go} | {"0" | "paused", ms until it is worth asking again}
-- Reserves the time of a request that does not come out of the queue, such as robots.txt, or too late: its flight is then its id, of which
-- there is no other, and which counts anew where it had run out.
local worker, slot, flight, flight_ms, lookahead_ms = ARGV[1], ARGV[2], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local PAUSED_MS = 200
local flies = flight ~= "" and crawl .. flight or nil
if is_paused() then return { "paused", PAUSED_MS } end
local due_ms, again_ms = reserve(slot, tonumber(ARGV[3]), tonumber(ARGV[4]), flies, flight_ms, lookahead_ms)
if not due_ms then return { "0", math.ceil(math.max(BLOCKED_MS, again_ms - lookahead_ms - now)) } end
if flies and redis.call("SISMEMBER", LEASED .. worker, flight) == 0 then
  redis.call("HSET", GRANTED .. worker, flight, slot)
  keep(GRANTED .. worker, flight_ms)
end
return { "1", math.ceil(due_ms) }
