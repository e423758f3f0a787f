-- survey(args: most_hosts)
--   -> {} where there is no crawl, or {progress, ms by Redis' clock, requests left, of these kept for the end, suspects, seeds of other programs,
--       records, hosts with pending requests, control, history, workers, hosts, revisits}
-- What an onlooker wants to know, all of one moment; changes nothing. Control and history are fields and values.
--   workers: name, end of its lease (ms), requests in hand, what it says of itself (fields and values)
--   revisits: how many requests wait for their time, and ms of the first
--   hosts, up to so many, those whose turn is next: slot, ms of its turn, pending, in flight, then next_ms, slow_ms, robots_ms, paused_ms,
--     of the pending those that visit a page again, and ms since when the first of these is due
local most_hosts = tonumber(ARGV[1])
if redis.call("HEXISTS", CONTROL, "epoch") == 0 then return {} end
local adds_up, where, left = pcall(progress)
if not adds_up then where, left = "lost", redis.call("HLEN", REQUESTS) end -- a count itself is gone
local workers, hosts = {}, {}
local living = redis.call("ZRANGE", WORKERS, 0, -1, "WITHSCORES")
for index = 1, #living, 2 do
  local worker = living[index]
  workers[#workers + 1] = { worker, living[index + 1], redis.call("SCARD", LEASED .. worker), redis.call("HGETALL", crawl .. "vitals:" .. worker) }
end
local waiting = redis.call("ZRANGE", HOSTS, 0, most_hosts - 1, "WITHSCORES")
for index = 1, #waiting, 2 do
  local slot = waiting[index]
  local state = redis.call("HMGET", HOST .. slot, "next_ms", "slow_ms", "robots_ms", "paused_ms")
  local flying = redis.call("ZCOUNT", FLIGHTS .. slot, "(" .. later(0), "+inf")
  local again, first = redis.call("ZCARD", AGAIN .. slot), redis.call("ZRANGE", AGAIN .. slot, 0, 0, "WITHSCORES")
  local host = { slot, waiting[index + 1], redis.call("ZCARD", QUEUE .. slot) + again, flying }
  for part = 1, 4 do host[#host + 1] = state[part] or "0" end
  host[#host + 1], host[#host + 2] = again, first[2] or "0"
  hosts[#hosts + 1] = host
end
local first = redis.call("ZRANGEBYSCORE", DUE, "(" .. later(0), "+inf", "WITHSCORES", "LIMIT", 0, 1)
return {
  where, string.format("%.3f", now), left, redis.call("ZCARD", LAST), redis.call("ZCARD", SUSPECTS), seeds_waiting(), redis.call("SCARD", RECORDED),
  redis.call("ZCARD", HOSTS), redis.call("HGETALL", CONTROL), redis.call("HGETALL", crawl .. "history"), workers, hosts,
  { revisits_waiting(), first[2] or "0" },
}
