-- What every verb begins with: names, the time, and how requests change hands.
-- KEYS: 1 the crawl's prefix, 2 the fleet's prefix, 3 the seeds of other programs; crawler/frontier/keys.py says what is below them.
local crawl, fleet, start_urls = KEYS[1], KEYS[2], KEYS[3]
local REQUESTS, QUEUE, HOSTS, LAST, SUSPECTS = crawl .. "requests", crawl .. "queue:", crawl .. "hosts", crawl .. "last", crawl .. "suspects"
local SEEN, WORKERS, LEASED, DELIVERIES, BATCHES = crawl .. "seen:", crawl .. "workers", crawl .. "leased:", crawl .. "deliveries", crawl .. "batches"
local GRANTED = crawl .. "granted:"
local DUE, REVISITS, READINGS = crawl .. "due", crawl .. "revisits", crawl .. "readings"
local AGAIN, VISITS, TURNS = crawl .. "again:", crawl .. "visits", crawl .. "turns"
local STARTING, READY, DEAD, CONTROL = crawl .. "starting", crawl .. "ready", crawl .. "dead", crawl .. "control"
local CLAIMS, RECORDED = crawl .. "claims", crawl .. "recorded"
local HOST, FLIGHTS = fleet .. "host:", fleet .. "flights:"
local clock = redis.call("TIME")
local now = clock[1] * 1000 + clock[2] / 1000
local CHUNK = 1000 -- arguments of one command; Lua's stack takes some thousands
local SUSPECT_AFTER = 2 -- crashes; one can be bad luck, and what is handed out alone costs nobody else a delivery
local BLOCKED_MS = 50 -- until a host whose cap is reached is looked at again; a landing request brings that forward
local HOST_KEPT_MS = 86400000
local LANDING_MS, LONGEST_TIMEOUT_S = 5000, 86400 -- of a request with a download_timeout of its own

-- A time from now, as a limit of a range.
local function later(ms) return string.format("%.3f", now + ms) end

local function in_chunks(items, act)
  for first = 1, #items, CHUNK do
    act(unpack(items, first, math.min(first + CHUNK - 1, #items)))
  end
end

local function drop_keys(keys)
  in_chunks(keys, function(...) redis.call("UNLINK", ...) end)
end

-- Keeps a key for so long, or longer where something else in it needs that.
local function keep(key, kept_ms)
  if redis.call("PTTL", key) < kept_ms then redis.call("PEXPIRE", key, kept_ms) end
end

-- The part of a payload that the queue needs; nil when it is none that we wrote. Whatever stands there, no command may fail on it
-- half-way through a verb: a priority that is no number counts as 0.
local function address(payload)
  local readable, request = pcall(cjson.decode, payload)
  if readable and type(request) == "table" and type(request.s) == "string" then
    local priority = type(request.p) == "number" and request.p == request.p and request.p or 0
    local timeout_s = type(request.t) == "table" and type(request.t.download_timeout) == "number" and request.t.download_timeout or 0
    local flight_ms = 1000 * math.min(timeout_s, LONGEST_TIMEOUT_S) + LANDING_MS
    return request.s, -priority, request.l == 1, type(request.x) == "string" and request.x or nil, flight_ms
  end
end

-- Lets a request wait for its host: for the first visit of a page by its score, for a later one by when it was due.
local function pend(id, slot, score, due_ms)
  if due_ms then
    redis.call("ZADD", AGAIN .. slot, due_ms, id)
  else
    redis.call("ZADD", QUEUE .. slot, score, id)
  end
  redis.call("ZADD", HOSTS, "NX", now, slot)
end

local function land(id, slot)
  redis.call("ZREM", FLIGHTS .. slot, crawl .. id)
end

local function bury(id, reason, payload)
  local slot = address(payload)
  if slot then land(id, slot) end
  local letter = { reason = reason, deliveries = tonumber(redis.call("HGET", DELIVERIES, id)) or 0, request = payload or "" }
  redis.call("HSET", DEAD, id, cjson.encode(letter))
  redis.call("HDEL", REQUESTS, id)
  redis.call("HDEL", DELIVERIES, id)
  redis.call("HDEL", VISITS, id)
  redis.call("HINCRBY", CONTROL, "dead", 1)
end

-- One leased request goes back to where it came from; after a crash it is counted, suspected, and in the end buried.
local function return_request(id, crashed)
  local payload = redis.call("HGET", REQUESTS, id)
  if not payload then return end
  local slot, score, last = address(payload)
  if not slot then
    bury(id, "unreadable", payload)
    return
  end
  land(id, slot)
  local crashes
  if crashed then
    crashes = redis.call("HINCRBY", DELIVERIES, id, 1)
  else
    crashes = tonumber(redis.call("HGET", DELIVERIES, id)) or 0
  end
  if crashes >= (tonumber(redis.call("HGET", CONTROL, "max_deliveries")) or 5) then
    bury(id, "was in hand at " .. crashes .. " crashes of its worker", payload)
  elseif crashes >= SUSPECT_AFTER then
    redis.call("HDEL", VISITS, id)
    redis.call("ZADD", SUSPECTS, score, id)
  elseif last then
    redis.call("ZADD", LAST, score, id)
  else
    pend(id, slot, score, redis.call("HGET", VISITS, id))
  end
end

-- Takes a worker off those that start; true where it was one. They are counted too, so that a lost key is no start that is over.
local function finish_start(worker)
  local was_starting = redis.call("SREM", STARTING, worker) == 1
  if was_starting then redis.call("HINCRBY", CONTROL, "starting", -1) end
  return was_starting
end

local function part_from(worker, crashed)
  local leases = redis.call("SMEMBERS", LEASED .. worker)
  for _, id in ipairs(leases) do
    return_request(id, crashed)
  end
  if #leases > 0 then
    redis.call("HINCRBY", CONTROL, "redelivered", #leases)
  end
  local granted = redis.call("HGETALL", GRANTED .. worker)
  for index = 1, #granted, 2 do
    land(granted[index], granted[index + 1])
  end
  redis.call("UNLINK", LEASED .. worker, GRANTED .. worker)
  redis.call("ZREM", WORKERS, worker)
  finish_start(worker)
  redis.call("SREM", READY, worker)
  redis.call("HDEL", BATCHES, worker, worker .. ":pop", worker .. ":join", worker .. ":tally")
end

-- Takes back what dead workers have in hand. Where nobody called for half a lease, Redis itself was away, or its clock
-- jumped: all leases move by that gap, so that its absence is nobody's death. A caller that lives is renewed between the two.
local function reclaim(ttl_ms, caller)
  local gap = now - (tonumber(redis.call("HGET", CONTROL, "last_ms")) or now)
  if gap > ttl_ms / 2 or gap < 0 then
    for _, worker in ipairs(redis.call("ZRANGE", WORKERS, 0, -1)) do
      redis.call("ZINCRBY", WORKERS, gap, worker)
    end
  end
  if gap < 0 then
    for _, slot in ipairs(redis.call("ZRANGEBYSCORE", HOSTS, "(" .. later(0), "+inf")) do
      redis.call("ZADD", HOSTS, now, slot)
    end
  end
  redis.call("HSET", CONTROL, "last_ms", now)
  if caller then redis.call("ZADD", WORKERS, now + ttl_ms, caller) end
  for _, worker in ipairs(redis.call("ZRANGEBYSCORE", WORKERS, "-inf", now)) do
    part_from(worker, true)
  end
end

-- The same for verbs without a standing: who writes times has to look at the clock, or it is not noticed when that is set back.
local function look_around()
  local ttl_ms = tonumber(redis.call("HGET", CONTROL, "ttl_ms"))
  if ttl_ms then reclaim(ttl_ms) end
end

-- "ok" where the worker may go on; "lost" where the crawl that it joined is gone, "fenced" where its lease is.
local function standing(worker, epoch, ttl_ms)
  if redis.call("HGET", CONTROL, "epoch") ~= epoch then return "lost" end
  if not redis.call("ZSCORE", WORKERS, worker) then return "fenced" end
  reclaim(ttl_ms, worker)
  return "ok"
end

-- Reserves the time of one request to a host: returns the ms from now at which it may go, or nil and when to ask again.
-- Without a flight it takes no part in the host's cap.
local function reserve(slot, delay_ms, cap, flight, flight_ms, lookahead_ms)
  local state = redis.call("HMGET", HOST .. slot, "next_ms", "set_ms", "slow_ms", "robots_ms")
  local next_ms, set_ms, slow_ms = tonumber(state[1]) or 0, tonumber(state[2]) or 0, tonumber(state[3]) or 0
  if now < set_ms then -- the clock was set back
    next_ms = next_ms - (set_ms - now)
    redis.call("HSET", HOST .. slot, "next_ms", next_ms, "set_ms", now, "paused_ms", 0)
    redis.call("ZREMRANGEBYSCORE", FLIGHTS .. slot, "(" .. later(flight_ms), "+inf")
  end
  if next_ms > now + lookahead_ms then return nil, next_ms end
  if flight then
    redis.call("ZREMRANGEBYSCORE", FLIGHTS .. slot, "-inf", now)
    local others = redis.call("ZCARD", FLIGHTS .. slot) - (redis.call("ZSCORE", FLIGHTS .. slot, flight) and 1 or 0) -- repeated, it is there
    if others >= cap then return nil, now + BLOCKED_MS end
  end
  local at = math.max(now, next_ms)
  local delay = math.max(delay_ms, tonumber(state[4]) or 0, slow_ms)
  if slow_ms > 0 then
    redis.call("HSET", HOST .. slot, "slow_ms", slow_ms > 1 and slow_ms * 0.97 or 0)
  end
  redis.call("HSET", HOST .. slot, "next_ms", at + delay, "set_ms", now)
  keep(HOST .. slot, HOST_KEPT_MS)
  if flight then
    redis.call("ZADD", FLIGHTS .. slot, now + flight_ms, flight)
    keep(FLIGHTS .. slot, flight_ms)
  end
  return at - now
end

local function seeds_waiting()
  local kind = redis.call("TYPE", start_urls).ok
  if kind == "list" then return redis.call("LLEN", start_urls) end
  if kind == "set" then return redis.call("SCARD", start_urls) end
  if kind == "zset" then return redis.call("ZCARD", start_urls) end
  return 0
end

local function has_leases()
  for _, worker in ipairs(redis.call("ZRANGE", WORKERS, 0, -1)) do
    if redis.call("EXISTS", LEASED .. worker) == 1 then return true end
  end
  return false
end

local function is_paused() return redis.call("HEXISTS", CONTROL, "paused_ms") == 1 end

-- Where the crawl stands: "working", "paused", "complete", "unread" (nobody reads the seeds to their end), "finished", or "lost": what
-- Redis holds does not add up, as where a key was evicted.
local function progress()
  local control = redis.call("HMGET", CONTROL, "sequence", "done", "dead", "starting", "seeds", "seeds_read", "finished")
  local sequence, done, dead, starting = tonumber(control[1]), tonumber(control[2]), tonumber(control[3]), tonumber(control[4])
  local left = redis.call("HLEN", REQUESTS)
  if sequence ~= done + dead + left or starting ~= redis.call("SCARD", STARTING) then return "lost", left end
  if left > 0 then
    local in_reach = redis.call("EXISTS", HOSTS, SUSPECTS) > 0 or redis.call("ZCARD", LAST) + redis.call("ZCARD", DUE) == left or has_leases()
    return in_reach and (is_paused() and "paused" or "working") or "lost", left
  end
  if dead ~= redis.call("HLEN", DEAD) then return "lost", left end
  if control[7] then return "finished", left end
  if is_paused() then return "paused", left end
  if starting > 0 or seeds_waiting() > 0 then return "working", left end
  if control[5] ~= "" and not control[6] then return "unread", left end
  return "complete", left
end

-- How many requests wait for the time at which their pages are visited again; those whose time has come are pending like others.
local function revisits_waiting() return redis.call("ZCOUNT", DUE, "(" .. later(0), "+inf") end

-- What whoever gives an order is told: its outcome, how many requests are left, how many of those are in hand, the workers, and how many
-- of the requests wait to visit a page again.
local function told(outcome)
  local workers, in_hand = redis.call("ZRANGE", WORKERS, 0, -1), 0
  for _, worker in ipairs(workers) do in_hand = in_hand + redis.call("SCARD", LEASED .. worker) end
  return { outcome, redis.call("HLEN", REQUESTS), in_hand, workers, revisits_waiting() }
end

-- Drops the queue of a crawl; what was found stays.
local function drop_queue()
  local keys = { REQUESTS, HOSTS, LAST, SUSPECTS, DELIVERIES, BATCHES, STARTING, READY, CLAIMS, DUE, REVISITS, VISITS, TURNS }
  for _, slot in ipairs(redis.call("ZRANGE", HOSTS, 0, -1)) do
    keys[#keys + 1], keys[#keys + 2] = QUEUE .. slot, AGAIN .. slot
  end
  for _, worker in ipairs(redis.call("ZRANGE", WORKERS, 0, -1)) do
    keys[#keys + 1], keys[#keys + 2] = LEASED .. worker, GRANTED .. worker
  end
  local control = redis.call("HMGET", CONTROL, "seen_level", "seen_split")
  for bucket = 0, 2 ^ (tonumber(control[1]) or 0) + (tonumber(control[2]) or 0) - 1 do keys[#keys + 1] = SEEN .. bucket end
  drop_keys(keys)
  redis.call("HDEL", CONTROL, "seen_level", "seen_split", "seen_count")
end
