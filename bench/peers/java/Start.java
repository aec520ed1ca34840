package peers;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** 起動: what both topologies share: the settings, how they start, what they say, how they end. */
final class Start {
    /** 引数: the first words of the command line; `schemas` is the folder of the published ones. */
    record Words(
            String bootstrap,
            String application,
            String stateDir,
            int threads,
            long cacheBytes,
            String schemas) {
        static Words of(String[] given) {
            int threads = Integer.parseInt(given[3]);
            return new Words(given[0], given[1], given[2], threads, Long.parseLong(given[4]), given[5]);
        }

        boolean isCached() {
            return cacheBytes > 0;
        }
    }

    private Start() {}

    /** Exactly once, and what the manuals recommend for throughput: larger batches and fetches, lz4. */
    private static Properties settings(Words words) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, words.application());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, words.bootstrap());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, words.stateDir());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, words.threads());
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, words.cacheBytes());
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 20);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 1 << 18);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 128 << 20);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        return settings;
    }

    /** Runs until SIGTERM; says "ready" when every partition is restored. Any failure ends the process. */
    static void run(Topology topology, Words words) throws InterruptedException {
        KafkaStreams streams = new KafkaStreams(topology, settings(words));
        Restored restored = new Restored();
        streams.setGlobalStateRestoreListener(restored);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                System.out.println("ready, restored " + restored.rows.get());
            } else if (now == KafkaStreams.State.ERROR) {
                ended.countDown();
            }
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
        streams.start();
        ended.await();
        // not System.exit: its hook would wait for the very thread that is failing
        Runtime.getRuntime().halt(1);
    }

    /** 復元: counts the rows, so that the bench can see that all came back. */
    private static final class Restored implements StateRestoreListener {
        final AtomicLong rows = new AtomicLong();

        @Override
        public void onRestoreStart(TopicPartition place, String store, long begin, long end) {}

        @Override
        public void onBatchRestored(TopicPartition place, String store, long end, long count) {}

        @Override
        public void onRestoreEnd(TopicPartition place, String store, long total) {
            rows.addAndGet(total);
        }
    }
}
