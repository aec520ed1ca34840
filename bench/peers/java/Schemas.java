package peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/** 様式: the ids of the published schemas, and that our reading and writing by hand follows their fields. */
final class Schemas {
    private final Path folder;
    private final Map<String, Integer> ids = new HashMap<>();

    /** Reads ids.tsv: id, name, fingerprint. */
    Schemas(Path folder) throws IOException {
        this.folder = folder;
        List<String> lines = Files.readAllLines(folder.resolve("ids.tsv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] parts = line.split("\t");
            ids.put(parts[1], Integer.parseInt(parts[0]));
        }
    }

    /** The id of a schema whose fields are exactly these, in this order; else the program has to change. */
    int checked(String name, String... fields) throws IOException {
        Schema schema = new Schema.Parser().parse(folder.resolve(name + ".avsc").toFile());
        List<String> stated = new ArrayList<>();
        schema.getFields().forEach(field -> stated.add(field.name()));
        if (!stated.equals(List.of(fields))) {
            throw new IllegalStateException(name + ": its fields are " + stated);
        }
        return ids.get(name);
    }
}
