-- claim(args: worker, record key…) -> {"ours" | "recorded" | "others" …}
-- "ours" where the worker may write the record: it is in no feed ("recorded"), and no other living worker is about to write it ("others").
-- Asked again it says the same.
local worker, answers = ARGV[1], {}
for index = 2, #ARGV do
  local record = ARGV[index]
  local owner = redis.call("HGET", CLAIMS, record)
  if redis.call("SISMEMBER", RECORDED, record) == 1 then
    answers[index - 1] = "recorded"
  elseif owner and owner ~= worker and redis.call("ZSCORE", WORKERS, owner) then
    answers[index - 1] = "others"
  else
    redis.call("HSET", CLAIMS, record, worker)
    answers[index - 1] = "ours"
  end
end
return answers
