-- step(args: worker, epoch, number, ttl_ms, started "1"|"0", reads_seeds "1"|"0", ready "1"|"0", seven counts, then so many of: links, acks, dead, returned, landed, records, revisits)
--   -> {"ok" | "lost" | "fenced" | "regressed", progress, requests left, new links, stale acks, redelivered}
-- All that a worker has to tell, at once or not at all: it lives, it has found links, it is done with requests. Repeated
-- with the same number, after a lost reply, it says the same and changes nothing but the lease. "regressed": Redis has come back with less than it
-- had told; the worker has to begin again as another one.
--   link: fingerprint ("" for none), slot, priority, "1" to keep it for the end or "2" for a later visit of a page, payload      ack: id      dead: id, reason
--   returned: id, "1" where that counts as a crash      landed: slot, flight      record: key
--   revisit: id, its page's fingerprint, in how many ms it is due again, payload, number of readings, then for each: record key, reading. It is an ack of a page that is to be visited again; where another request waits for that page, only an ack.
local worker, epoch, number, ttl_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local started, reads_seeds, ready = ARGV[5] == "1", ARGV[6] == "1", ARGV[7] == "1"
local LOAD = 200 -- fingerprints a bucket on average; the fullest, at twice that, stay below set-max-intset-entries (512)
local cursor = 14
local function counted(index) return tonumber(ARGV[index]) end
local function take()
  cursor = cursor + 1
  return ARGV[cursor]
end

-- Buckets grow one by one (linear hashing): a fingerprint's last nine digits say which is its own.
local level, split, count
local function bucket_of(fingerprint)
  local hash = tonumber(string.sub(fingerprint, -9))
  local bucket = hash % 2 ^ level
  if bucket < split then bucket = hash % 2 ^ (level + 1) end
  return SEEN .. string.format("%d", bucket)
end
local function grow()
  local from = SEEN .. string.format("%d", split)
  redis.call("UNLINK", SEEN .. string.format("%d", 2 ^ level + split)) -- left of a crawl whose count was lost, it would swallow links
  split = split + 1
  local movers, target = {}, nil
  for _, fingerprint in ipairs(redis.call("SMEMBERS", from)) do
    local bucket = bucket_of(fingerprint)
    if bucket ~= from then
      movers[#movers + 1], target = fingerprint, bucket
    end
  end
  in_chunks(movers, function(...)
    redis.call("SREM", from, ...)
    redis.call("SADD", target, ...)
  end)
  if split == 2 ^ level then level, split = level + 1, 0 end
end
local function is_new(fingerprint)
  if fingerprint == "" then return true end
  if not level then
    local seen = redis.call("HMGET", CONTROL, "seen_level", "seen_split", "seen_count")
    level, split, count = tonumber(seen[1]) or 0, tonumber(seen[2]) or 0, tonumber(seen[3]) or 0
  end
  if redis.call("SADD", bucket_of(fingerprint), fingerprint) == 0 then return false end
  count = count + 1
  if count > LOAD * (2 ^ level + split) then grow() end
  return true
end

local function push_links(amount)
  local sequence, links = tonumber(redis.call("HGET", CONTROL, "sequence")), 0
  for _ = 1, amount do
    local fingerprint, slot, priority, place, payload = take(), take(), take(), take(), take()
    if is_new(fingerprint) then
      links = links + 1
      local id = string.format("%010x", sequence + links)
      redis.call("HSET", REQUESTS, id, payload)
      if place == "1" then
        redis.call("ZADD", LAST, -priority, id)
      else
        if place == "2" then redis.call("HSET", VISITS, id, now) end
        pend(id, slot, -priority, place == "2" and now)
      end
    end
  end
  if links > 0 then
    redis.call("HINCRBY", CONTROL, "sequence", links)
    redis.call("HDEL", CONTROL, "finished") -- whoever had more to say goes on with it
    if level then redis.call("HSET", CONTROL, "seen_level", level, "seen_split", split, "seen_count", count) end
  end
  return links
end

local function acknowledge(amount)
  local done = 0
  for _ = 1, amount do
    local id = take()
    if redis.call("SREM", LEASED .. worker, id) == 1 and redis.call("HDEL", REQUESTS, id) == 1 then
      redis.call("HDEL", DELIVERIES, id)
      redis.call("HDEL", VISITS, id)
      done = done + 1
    end
  end
  if done > 0 then redis.call("HINCRBY", CONTROL, "done", done) end
  return amount - done
end

local function note_readings(readings)
  for index = 1, #readings, 2 do redis.call("HSET", READINGS, readings[index], readings[index + 1]) end
end

local function is_awaited(fingerprint, id)
  local other = redis.call("HGET", REVISITS, fingerprint)
  return other and other ~= id and redis.call("HEXISTS", REQUESTS, other) == 1
end

local function put_off(amount)
  local again, done = 0, 0
  for _ = 1, amount do
    local id, fingerprint, due_in_ms, payload, readings = take(), take(), tonumber(take()), take(), {}
    for index = 1, 2 * tonumber(take()) do readings[index] = take() end
    if redis.call("SREM", LEASED .. worker, id) == 1 and redis.call("HEXISTS", REQUESTS, id) == 1 then
      redis.call("HDEL", DELIVERIES, id)
      note_readings(readings)
      if is_awaited(fingerprint, id) then
        redis.call("HDEL", REQUESTS, id)
        redis.call("HDEL", VISITS, id)
        done = done + 1
      else
        redis.call("HSET", REVISITS, fingerprint, id)
        redis.call("HSET", REQUESTS, id, payload)
        redis.call("HSET", VISITS, id, now + due_in_ms)
        redis.call("ZADD", DUE, now + due_in_ms, id)
        again = again + 1
      end
    end
  end
  if done > 0 then redis.call("HINCRBY", CONTROL, "done", done) end
  if again > 0 then redis.call("HINCRBY", CONTROL, "visits", again) end
  return amount - done - again
end

local function touch_down(amount)
  for _ = 1, amount do
    local slot, flight = take(), take()
    land(flight, slot)
    redis.call("HDEL", GRANTED .. worker, flight)
    redis.call("ZADD", HOSTS, "XX", "LT", math.max(now, tonumber(redis.call("HGET", HOST .. slot, "next_ms")) or 0), slot)
  end
end

local function apply()
  local links = push_links(counted(8))
  local stale = acknowledge(counted(9))
  for _ = 1, counted(10) do
    local id, reason = take(), take()
    if redis.call("SREM", LEASED .. worker, id) == 1 then bury(id, reason, redis.call("HGET", REQUESTS, id)) end
  end
  for _ = 1, counted(11) do
    local id, crashed = take(), take() == "1"
    if redis.call("SREM", LEASED .. worker, id) == 1 then
      return_request(id, crashed)
      if crashed then redis.call("HINCRBY", CONTROL, "redelivered", 1) end -- else its lines, if it has any, are told in this very step
    end
  end
  touch_down(counted(12))
  for _ = 1, counted(13) do
    local record = take()
    redis.call("SADD", RECORDED, record)
    redis.call("HDEL", CLAIMS, record)
  end
  stale = stale + put_off(counted(14))
  if started and finish_start(worker) and reads_seeds then redis.call("HSET", CONTROL, "seeds_read", 1) end
  return links, stale
end

local state = standing(worker, epoch, ttl_ms)
if state ~= "ok" then return { state, "", 0, 0, 0, 0 } end
local former, links, stale = string.match(redis.call("HGET", BATCHES, worker) or "0 0 0", "^(%d+) (%d+) (%d+)$")
former, links, stale = tonumber(former), tonumber(links), tonumber(stale)
if number == former + 1 then
  links, stale = apply()
  redis.call("HSET", BATCHES, worker, number .. " " .. links .. " " .. stale)
elseif number > former then
  return { "regressed", "", 0, 0, 0, 0 }
elseif number < former then
  links, stale = 0, 0 -- those that were told are another call's
end
local where, left = progress()
if where ~= "complete" then
  redis.call("DEL", READY)
elseif ready then
  redis.call("SADD", READY, worker)
  if redis.call("SCARD", READY) >= redis.call("ZCARD", WORKERS) then
    redis.call("HSET", CONTROL, "finished", 1)
    where = "finished"
  end
end
return { "ok", where, left, links, stale, tonumber(redis.call("HGET", CONTROL, "redelivered")) }
