package peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** 書き手: the fields of one message in the order of its schema. Each thread uses one buffer again. */
final class AvroOut {
    private static final ThreadLocal<AvroOut> USED = ThreadLocal.withInitial(AvroOut::new);
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(2_048);
    private BinaryEncoder out;

    private AvroOut() {}

    /** Begins a message of this schema with Confluent's header; `end` gives its bytes. */
    static AvroOut begin(int schemaId) {
        AvroOut used = USED.get();
        used.bytes.reset();
        used.bytes.write(0);
        used.bytes.writeBytes(ByteBuffer.allocate(4).putInt(schemaId).array());
        used.out = EncoderFactory.get().binaryEncoder(used.bytes, used.out);
        return used;
    }

    byte[] end() throws IOException {
        out.flush();
        return bytes.toByteArray();
    }

    void text(String value) throws IOException {
        out.writeString(value);
    }

    void textOrNull(String value) throws IOException {
        if (isThere(value)) {
            out.writeString(value);
        }
    }

    void whole(int value) throws IOException {
        out.writeInt(value);
    }

    void large(long value) throws IOException {
        out.writeLong(value);
    }

    void flag(boolean value) throws IOException {
        out.writeBoolean(value);
    }

    void dayOrNull(Integer value) throws IOException {
        if (isThere(value)) {
            out.writeInt(value);
        }
    }

    /** The branch of a union with null; whether a value has to follow. */
    boolean isThere(Object value) throws IOException {
        out.writeIndex(value == null ? 0 : 1);
        return value != null;
    }

    void texts(Map<String, String> values) throws IOException {
        out.writeMapStart();
        out.setItemCount(values.size());
        for (Map.Entry<String, String> one : values.entrySet()) {
            out.startItem();
            out.writeString(one.getKey());
            out.writeString(one.getValue());
        }
        out.writeMapEnd();
    }

    void items(int count) throws IOException {
        out.writeArrayStart();
        out.setItemCount(count);
    }

    void item() throws IOException {
        out.startItem();
    }

    void endItems() throws IOException {
        out.writeArrayEnd();
    }
}
