# What the Sidekiq process of sidekiq_work.rb runs.
require "sidekiq"

# Of ruby-redis 4.8 about itself.
Redis.silence_deprecations = true

Sidekiq.configure_server do |config|
  config.options[:poll_interval_average] = 0.1
  config.logger.level = Logger::FATAL
end

class Add
  include Sidekiq::Job

  def perform(number)
    Sidekiq.redis do |redis|
      redis.multi do |transaction|
        transaction.incrby("sum", number)
        transaction.hincrby("runs", number.to_s, 1)
      end
    end
  end
end

# Notes how late it ran.
class Later
  include Sidekiq::Job
  sidekiq_options queue: "critical"

  def perform(number, due)
    Sidekiq.redis { |redis| redis.sadd(Time.now.to_f < due ? "early" : "in time", number.to_s) }
  end
end

# Fails at first.
class Flaky
  include Sidekiq::Job

  def perform(number)
    tries = Sidekiq.redis { |redis| redis.hincrby("tries", number.to_s, 1) }
    raise "not yet" if tries == 1
  end
end

class Hopeless
  include Sidekiq::Job
  sidekiq_options retry: 0

  def perform(number)
    raise ArgumentError, "never #{number}"
  end
end
