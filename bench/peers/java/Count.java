package peers;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** 最小の畳み込み: counts by key in RocksDB; one output, the count so far, for every event. */
public final class Count implements Processor<String, byte[], String, Long> {
    private static final String STORE = "count";
    private ProcessorContext<String, Long> context;
    private KeyValueStore<String, Long> counts;

    @Override
    public void init(ProcessorContext<String, Long> context) {
        this.context = context;
        this.counts = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> event) {
        Long before = counts.get(event.key());
        Long count = before == null ? 1L : before + 1;
        counts.put(event.key(), count);
        context.forward(event.withValue(count));
    }

    /** Words of the command line: those of Start, the source and the output topic. */
    public static void main(String[] given) throws InterruptedException {
        Start.Words words = Start.Words.of(given);
        StoreBuilder<KeyValueStore<String, Long>> store =
                Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.Long());
        store = words.isCached() ? store.withCachingEnabled() : store.withCachingDisabled();
        Topology topology = new Topology();
        topology.addSource(
                "events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), given[6]);
        topology.addProcessor(STORE, Count::new, "events");
        topology.addStateStore(store, STORE);
        topology.addSink(
                "counts", given[7], Serdes.String().serializer(), Serdes.Long().serializer(), STORE);
        Start.run(topology, words);
    }
}
