-- choose(args: most, then for each record a JSON list of its key and its groups) -> for each record 0 where it is left out, else 1, or 2 where
-- a group of its has no room left
-- Chooses the records that come first, up to `most` of each group; one that was chosen once stays so, whichever group it is seen in.
-- Asked again it says the same.
local most, answers = tonumber(ARGV[1]), {}
local CHOSEN, QUOTA = crawl .. "chosen", crawl .. "quota"
for index = 2, #ARGV do
  local groups = cjson.decode(ARGV[index])
  local record = table.remove(groups, 1)
  local lacking, has_room, is_full = {}, true, false
  for _, group in ipairs(groups) do
    local count = tonumber(redis.call("HGET", QUOTA, group)) or 0
    if redis.call("SISMEMBER", CHOSEN, cjson.encode({ group, record })) == 0 then
      lacking[#lacking + 1] = group
      has_room = has_room and count < most
      is_full = is_full or count + 1 >= most
    else
      is_full = is_full or count >= most
    end
  end
  local chosen = has_room or redis.call("SISMEMBER", CHOSEN, record) == 1
  if has_room then
    for _, group in ipairs(lacking) do
      redis.call("HINCRBY", QUOTA, group, 1)
      redis.call("SADD", CHOSEN, cjson.encode({ group, record }))
    end
    redis.call("SADD", CHOSEN, record)
  end
  answers[index - 1] = chosen and (is_full and 2 or 1) or 0
end
return answers
