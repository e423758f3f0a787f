-- pop(args: worker, epoch, number, ttl_ms, limit, delay_ms, cap, flight_ms, lookahead_ms, then for each host with limits of its own: slot, delay_ms, cap)
--   -> {"ok" | "lost" | "fenced" | "regressed", progress, ms until a host may be asked or -1, "1" when handed out alone, then for each request: id, ms until it may go, payload}
-- Leases up to `limit` requests of the hosts that may be asked by now or within `lookahead_ms`, in turn, and reserves their time. Where both
-- first visits of pages and later ones wait for a host, they take turns: neither can starve the other.
-- Repeated with the same number, after a lost reply, it gives the same requests again. What is kept for the end comes when nothing else
-- is left but later visits, and not where its record has come by then. What has come due waits for its
-- host, those that were due first coming first. A worker with nothing in hand may get one suspect, alone. A finished crawl has nothing, and one that is paused hands out nothing.
local worker, epoch, number, ttl_ms, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local delay_ms, cap, flight_ms, lookahead_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local LAST_AT_ONCE, LAST_LOOKED_AT = 8, 1000
local SEEDS_AT_ONCE = 4
local SUSPECTS_LOOKED_AT = 16 -- the host of the first may have to wait
local DUE_AT_ONCE = 200
local limits = {}
for index = 10, #ARGV, 3 do limits[ARGV[index]] = { tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2]) } end
local given, ids = { "ok", "working", -1, "0" }, {}
local turns = 0

local function hand_out(id, due_ms, payload)
  redis.call("SADD", LEASED .. worker, id)
  ids[#ids + 1] = id
  given[#given + 1], given[#given + 2], given[#given + 3] = id, string.format("%.1f", due_ms), payload
end

local function take_seed()
  local kind = redis.call("TYPE", start_urls).ok
  if kind == "list" then return redis.call("LPOP", start_urls) end
  if kind == "set" then return redis.call("SPOP", start_urls) end
  if kind == "zset" then return redis.call("ZPOPMAX", start_urls)[1] end
  return false
end

local function hand_out_seeds()
  for _ = 1, math.min(SEEDS_AT_ONCE, limit) do
    local message = take_seed()
    if not message then return end
    local id = string.format("%010x", redis.call("HINCRBY", CONTROL, "sequence", 1))
    local payload = cjson.encode({ v = 1, s = "", seed = message })
    redis.call("HSET", REQUESTS, id, payload)
    hand_out(id, 0, payload)
  end
end

local function take_up_last()
  local kept = redis.call("ZCARD", LAST)
  if kept == 0 or redis.call("EXISTS", STARTING) == 1 then return end
  local suspects = redis.call("ZCARD", SUSPECTS)
  if suspects > 0 and redis.call("EXISTS", HOSTS) == 0 then return end -- else visits that are due may hold them up for good
  if redis.call("HLEN", REQUESTS) ~= kept + suspects + redis.call("HLEN", VISITS) then return end
  local taken = 0
  for _ = 1, LAST_LOOKED_AT do
    local id = taken < LAST_AT_ONCE and redis.call("ZPOPMIN", LAST)[1]
    if not id then return end
    local payload = redis.call("HGET", REQUESTS, id)
    local slot, score, _, unless = address(payload)
    if not slot then
      if payload then bury(id, "unreadable", payload) end
    elseif unless and redis.call("SISMEMBER", RECORDED, unless) == 1 then
      redis.call("HDEL", REQUESTS, id)
      redis.call("HDEL", DELIVERIES, id)
      redis.call("HINCRBY", CONTROL, "done", 1)
    else
      pend(id, slot, score)
      taken = taken + 1
    end
  end
end

-- Lets requests whose time has come wait for their hosts; those that are left come with the next call.
local function call_up_due()
  local due = redis.call("ZRANGEBYSCORE", DUE, "-inf", later(0), "WITHSCORES", "LIMIT", 0, DUE_AT_ONCE)
  for index = 1, #due, 2 do
    local id, due_ms = due[index], due[index + 1]
    redis.call("ZREM", DUE, id)
    local payload = redis.call("HGET", REQUESTS, id)
    local slot, score = address(payload)
    if slot then
      pend(id, slot, score, due_ms)
    elseif payload then
      bury(id, "unreadable", payload)
    end
  end
end

-- Reserves the time of a request; what belongs to no host, such as seeds, may go at once.
local function reserve_for(slot, id, own_flight_ms)
  if slot == "" then return 0 end
  local own = limits[slot] or { delay_ms, cap }
  return reserve(slot, own[1], own[2], crawl .. id, math.max(flight_ms, own_flight_ms), lookahead_ms)
end

local function hand_out_suspect()
  if redis.call("EXISTS", LEASED .. worker) == 1 then return end
  for _, id in ipairs(redis.call("ZRANGE", SUSPECTS, 0, SUSPECTS_LOOKED_AT - 1)) do
    local payload = redis.call("HGET", REQUESTS, id)
    local slot, _, _, _, own_flight_ms = address(payload)
    local due_ms = slot and reserve_for(slot, id, own_flight_ms)
    if due_ms then
      redis.call("ZREM", SUSPECTS, id)
      hand_out(id, due_ms, payload)
      given[4] = "1"
      return
    elseif not slot then
      redis.call("ZREM", SUSPECTS, id)
      if payload then bury(id, "unreadable", payload) end
    end
  end
end

-- Whose turn it is at a host: the key and the id, and whether others wait in its other key.
local function head_of(slot)
  local first, again = redis.call("ZRANGE", QUEUE .. slot, 0, 0)[1], redis.call("ZRANGE", AGAIN .. slot, 0, 0)[1]
  if again and (not first or redis.call("SISMEMBER", TURNS, slot) == 0) then return AGAIN .. slot, again, first end
  return QUEUE .. slot, first, again
end

-- Lets the host wait for its next request, or takes it off where it has none.
local function pass_turn(slot, key, other)
  if other or redis.call("EXISTS", key) == 1 then
    local next_ms = tonumber(redis.call("HGET", HOST .. slot, "next_ms")) or now
    turns = turns + 1 -- microseconds tell the turns of one call apart
    redis.call("ZADD", HOSTS, math.max(next_ms, now) + turns / 1000, slot)
  else
    redis.call("ZREM", HOSTS, slot)
  end
  if other then redis.call(key == AGAIN .. slot and "SADD" or "SREM", TURNS, slot) end
end

-- Serves the host that was served longest ago; returns false when none may be asked.
local function hand_out_next()
  local slot = redis.call("ZRANGEBYSCORE", HOSTS, "-inf", now + lookahead_ms, "LIMIT", 0, 1)[1]
  if not slot then return false end
  local key, id, other = head_of(slot)
  if not id then
    redis.call("ZREM", HOSTS, slot)
    return true
  end
  local payload = redis.call("HGET", REQUESTS, id)
  local readable, _, _, _, own_flight_ms = address(payload)
  local due_ms, again_ms = 0, nil
  if readable then due_ms, again_ms = reserve_for(slot, id, own_flight_ms) end -- what cannot be read is never sent
  if not due_ms then
    redis.call("ZADD", HOSTS, math.max(again_ms, now + lookahead_ms + 1), slot)
    return true
  end
  redis.call("ZREM", key, id)
  pass_turn(slot, key, other)
  if payload then hand_out(id, due_ms, payload) end
  return true
end

local state = standing(worker, epoch, ttl_ms)
if state ~= "ok" then return { state, "", -1, "0" } end
local former, alone, former_ids = string.match(redis.call("HGET", BATCHES, worker .. ":pop") or "0 0 ", "^(%d+) (%d) (.*)$")
former = tonumber(former)
if number == former then
  given[4] = alone
  for id in string.gmatch(former_ids, "%S+") do
    local payload = redis.call("SISMEMBER", LEASED .. worker, id) == 1 and redis.call("HGET", REQUESTS, id)
    if payload then hand_out(id, 0, payload) end
  end
elseif number ~= former + 1 then
  return { "regressed", "", -1, "0" }
elseif redis.call("HEXISTS", CONTROL, "finished") == 0 and not is_paused() then -- once finished, seeds are left to the next crawl
  hand_out_seeds()
  call_up_due()
  take_up_last()
  local visits = 4 * limit + 64 -- hosts that must wait are put back: no call looks at more than these
  while #ids < limit and visits > 0 and hand_out_next() do visits = visits - 1 end
  if #ids == 0 and redis.call("EXISTS", HOSTS) == 0 then hand_out_suspect() end
  if #ids > 0 then redis.call("DEL", READY) end
end
if number ~= former then redis.call("HSET", BATCHES, worker .. ":pop", number .. " " .. given[4] .. " " .. table.concat(ids, " ")) end
local first = redis.call("ZRANGE", HOSTS, 0, 0, "WITHSCORES")
if first[2] then given[3] = math.max(0, math.ceil(first[2] - now)) end
given[2] = progress()
return given
