-- beat(args: worker, epoch, ttl_ms) -> "ok" | "lost" | "fenced"
-- Renews the lease of all that the worker has in hand.
return standing(ARGV[1], ARGV[2], tonumber(ARGV[3]))
