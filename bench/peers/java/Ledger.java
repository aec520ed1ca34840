package peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * 台帳: the ledger's fold over the hub's own events: the account of a 期別 and the case of its person are read,
 * the account and the agenda written, a fact sent for each thing that happened.
 */
public final class Ledger implements Processor<String, Event, String, byte[]> {
    private static final String RECEIPT = "receipt";
    private static final String DELINQUENCY = "delinquency";
    private static final String AGENDA = "agenda";
    private static final byte[] NOTHING = {};
    private final FactWriter facts;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, Account> accounts;
    private KeyValueStore<String, byte[]> cases;
    private KeyValueStore<String, byte[]> agenda;

    private Ledger(FactWriter facts) {
        this.facts = facts;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        this.accounts = context.getStateStore(RECEIPT);
        this.cases = context.getStateStore(DELINQUENCY);
        this.agenda = context.getStateStore(AGENDA);
    }

    @Override
    public void process(Record<String, Event> record) {
        Event event = record.value();
        String row = record.key() + "|" + event.shuunouKey();
        Account before = accounts.get(row);
        if (cases.get(record.key()) != null) {
            throw new IllegalStateException("a case, though no 基準日 has come");
        }
        Integer formerDay = before == null ? null : before.nextOn();
        try {
            Fold.Step step = Fold.apply(before, event);
            write(row, step, formerDay);
            send(record, step.account(), step.happened());
        } catch (Fold.Refused refused) {
            byte[] code = refused.getMessage().getBytes(StandardCharsets.UTF_8);
            context.forward(record.withValue(code), "refused");
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void write(String row, Fold.Step step, Integer formerDay) {
        if (!step.isChanged()) {
            return;
        }
        accounts.put(row, step.account());
        Integer day = step.account().nextOn();
        if (day != null && !Objects.equals(day, formerDay)) {
            agenda.put(LocalDate.ofEpochDay(day) + "|" + row, NOTHING);
        }
    }

    private void send(Record<String, Event> record, Account account, List<Fold.Happened> happened)
            throws IOException {
        boolean isFirst = true;
        for (Fold.Happened one : happened) {
            byte[] fact = facts.write(record.value(), account, one, isFirst);
            context.forward(record.withValue(fact), "facts");
            isFirst = false;
        }
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> store(
            String name, Serde<V> serde, boolean isCached) {
        StoreBuilder<KeyValueStore<String, V>> made =
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), serde);
        return isCached ? made.withCachingEnabled() : made.withCachingDisabled();
    }

    /** Words of the command line: those of Start, the source, the topic of facts and that of refusals. */
    public static void main(String[] given) throws IOException, InterruptedException {
        Start.Words words = Start.Words.of(given);
        Schemas schemas = new Schemas(Path.of(words.schemas()));
        Topology topology = new Topology();
        EventReader reader = new EventReader(schemas);
        FactWriter writer = new FactWriter(schemas);
        AccountCodec codec = new AccountCodec(schemas);
        topology.addSource("events", Serdes.String().deserializer(), reader, given[6]);
        topology.addProcessor("ledger", () -> new Ledger(writer), "events");
        topology.addStateStore(store(RECEIPT, Serdes.serdeFrom(codec, codec), words.isCached()), "ledger");
        topology.addStateStore(store(DELINQUENCY, Serdes.ByteArray(), words.isCached()), "ledger");
        topology.addStateStore(store(AGENDA, Serdes.ByteArray(), words.isCached()), "ledger");
        for (String[] sink : new String[][] {{"facts", given[7]}, {"refused", given[8]}}) {
            topology.addSink(
                    sink[0], sink[1], Serdes.String().serializer(), Serdes.ByteArray().serializer(),
                    "ledger");
        }
        Start.run(topology, words);
    }
}
