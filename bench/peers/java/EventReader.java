package peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.kafka.common.serialization.Deserializer;

/** 異動の読み手: the six kinds of events that the load holds, field by field in the order of their schemas. */
final class EventReader implements Deserializer<Event> {
    private static final String[] ENVELOPE = {
        "event_id", "source", "channel", "source_seq", "occurred_on", "recorded_at", "jichitai_code",
        "basis",
    };
    private static final String[] CHOUTEI = {
        "shuunou_key", "rireki_bangou", "atena_bangou", "fuka_nendo", "zeimoku_code", "taishou_nendo",
        "tsuuchisho_bangou", "kibetsu_code", "choutei_nendo", "kaikei_nendo", "kibetsu_choutei_gaku",
        "noukigen", "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi", "zuiki_flag", "jiyuu_code",
        "held", "shoukei",
    };
    private static final String[] RECEIVED = {
        "shuunou_key", "receipt_no", "dankai", "shuunou_kingaku", "ryoushuu_nengappi", "shuunou_nengappi",
        "nikkeibi", "torikomibi", "shuunou_kubun",
    };
    private static final String[] REVERSED = {
        "shuunou_key", "receipt_no", "shuunou_kingaku", "ryoushuu_nengappi", "torikomibi", "shuunou_kubun",
    };
    private static final String[] FAILED = {
        "shuunou_key", "receipt_no", "furikae_gaku", "furikae_nengappi", "furikae_kekka_code", "torikomibi",
    };

    /** Reads what stands behind the envelope. */
    private interface Body {
        Event read(AvroIn in, Event.Envelope envelope) throws IOException;
    }

    private final Map<Integer, Body> bodies;

    EventReader(Schemas schemas) throws IOException {
        bodies = Map.of(
                id(schemas, "choutei_established.v2", CHOUTEI), choutei(Event.Kind.ESTABLISHED),
                id(schemas, "choutei_corrected.v2", CHOUTEI), choutei(Event.Kind.CORRECTED),
                id(schemas, "choutei_cancelled.v2", CHOUTEI), choutei(Event.Kind.CANCELLED),
                id(schemas, "shuunou_received.v1", RECEIVED), EventReader::received,
                id(schemas, "shuunou_reversed.v1", REVERSED), EventReader::reversed,
                id(schemas, "kouza_furikae_failed.v1", FAILED), EventReader::failed);
    }

    private static int id(Schemas schemas, String name, String[] fields) throws IOException {
        String[] all = new String[ENVELOPE.length + fields.length];
        System.arraycopy(ENVELOPE, 0, all, 0, ENVELOPE.length);
        System.arraycopy(fields, 0, all, ENVELOPE.length, fields.length);
        return schemas.checked("event/" + name, all);
    }

    @Override
    public Event deserialize(String topic, byte[] message) {
        try {
            AvroIn in = new AvroIn(message);
            Body body = bodies.get(in.schemaId);
            if (body == null) {
                throw new IllegalArgumentException("not an event of the load: schema " + in.schemaId);
            }
            return body.read(in, envelope(in));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Event.Envelope envelope(AvroIn in) throws IOException {
        String eventId = in.text();
        String source = in.text();
        in.text(); // channel
        in.text(); // source_seq
        int occurredOn = in.whole();
        long recordedAt = in.large();
        String jichitaiCode = in.text();
        in.textOrNull(); // basis
        return new Event.Envelope(eventId, source, occurredOn, recordedAt, jichitaiCode);
    }

    private static Body choutei(Event.Kind kind) {
        return (in, envelope) -> {
            Event made = new Event.Choutei(
                    envelope, kind, in.text(), in.whole(), in.text(), in.whole(), in.text(), in.whole(),
                    in.text(), in.text(), in.whole(), in.whole(), in.large(), in.whole(), in.dayOrNull(),
                    in.dayOrNull(), in.whole(), in.textOrNull(), in.textOrNull(), in.texts());
            in.nothing(); // shoukei: the load holds no debt that heirs took over
            return made;
        };
    }

    private static Event received(AvroIn in, Event.Envelope envelope) throws IOException {
        String shuunouKey = in.text();
        return new Event.Nounyuu(
                envelope, shuunouKey,
                new Receipt(
                        in.text(), in.text(), in.large(), in.whole(), in.whole(), in.whole(), in.whole(),
                        in.text()));
    }

    private static Event reversed(AvroIn in, Event.Envelope envelope) throws IOException {
        String shuunouKey = in.text();
        String receiptNo = in.text();
        long kingaku = in.large();
        int day = in.whole();
        int taken = in.whole();
        return new Event.Nounyuu(
                envelope, shuunouKey,
                new Receipt(receiptNo, Receipt.TORIKESHI, kingaku, day, day, taken, taken, in.text()));
    }

    private static Event failed(AvroIn in, Event.Envelope envelope) throws IOException {
        Event made = new Event.Funou(envelope, in.text(), in.text(), in.large());
        in.whole(); // furikae_nengappi
        in.text(); // furikae_kekka_code
        in.whole(); // torikomibi
        return made;
    }
}
