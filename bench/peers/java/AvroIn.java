package peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** 読み手: the fields of one message in the order of its schema. Each thread uses one decoder again. */
final class AvroIn {
    private static final int HEADER = 5; // Confluent's: 0x00 and the schema's id
    private static final ThreadLocal<BinaryDecoder> USED = new ThreadLocal<>();
    final int schemaId;
    private final BinaryDecoder in;

    AvroIn(byte[] message) {
        if (message.length < HEADER || message[0] != 0) {
            throw new IllegalArgumentException("not a message with a schema's id");
        }
        schemaId = ByteBuffer.wrap(message, 1, 4).getInt();
        in = DecoderFactory.get().binaryDecoder(message, HEADER, message.length - HEADER, USED.get());
        USED.set(in);
    }

    String text() throws IOException {
        return in.readString();
    }

    String textOrNull() throws IOException {
        return in.readIndex() == 0 ? null : in.readString();
    }

    int whole() throws IOException {
        return in.readInt();
    }

    long large() throws IOException {
        return in.readLong();
    }

    boolean flag() throws IOException {
        return in.readBoolean();
    }

    /** A day, as days since 1970; its union with null. */
    Integer dayOrNull() throws IOException {
        return in.readIndex() == 0 ? null : in.readInt();
    }

    /** A union with null whose other branch is not read here: refused if it is there. */
    void nothing() throws IOException {
        if (in.readIndex() != 0) {
            throw new IllegalArgumentException("schema " + schemaId + ": a field that is not read here");
        }
    }

    Map<String, String> texts() throws IOException {
        long count = in.readMapStart();
        if (count == 0) {
            return Map.of();
        }
        Map<String, String> found = new HashMap<>();
        for (; count > 0; count = in.mapNext()) {
            for (long left = count; left > 0; left--) {
                found.put(in.readString(), in.readString());
            }
        }
        return found;
    }

    /** Items in blocks: the size of the first block, then of each next one until 0. */
    long items() throws IOException {
        return in.readArrayStart();
    }

    long moreItems() throws IOException {
        return in.arrayNext();
    }
}
