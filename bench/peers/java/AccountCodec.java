package peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/** 収納台帳の符号: an account as the hub's own schema has it. */
final class AccountCodec implements Serializer<Account>, Deserializer<Account> {
    private final int id;

    AccountCodec(Schemas schemas) throws IOException {
        id = schemas.checked(
                "state/receipt_account.v2",
                "shuunou_key", "atena_bangou", "jichitai_code", "rireki_bangou", "is_cancelled",
                "fuka_nendo", "zeimoku_code", "taishou_nendo", "tsuuchisho_bangou", "kibetsu_code",
                "choutei_nendo", "kaikei_nendo", "kibetsu_choutei_gaku", "shuunou_gaku", "noukigen",
                "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi", "choutei_rireki",
                "kousei_nengappi", "kousei_kaisuu", "zuiki_flag", "jiyuu_code", "receipts", "furikae_funou",
                "koufuri_funou_kaisuu", "is_tainou", "tokusoku_due_on", "held", "seisan");
    }

    @Override
    public void configure(Map<String, ?> settings, boolean isKey) {}

    @Override
    public void close() {}

    @Override
    public byte[] serialize(String topic, Account account) {
        if (account == null) {
            return null; // a store asks so when a row is deleted
        }
        try {
            AvroOut out = AvroOut.begin(id);
            write(out, account);
            return out.end();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The body: also inside a fact. */
    static void write(AvroOut out, Account account) throws IOException {
        out.text(account.shuunouKey);
        out.text(account.atenaBangou);
        out.text(account.jichitaiCode);
        out.whole(account.rirekiBangou);
        out.flag(account.isCancelled);
        out.whole(account.fukaNendo);
        out.text(account.zeimokuCode);
        out.whole(account.taishouNendo);
        out.text(account.tsuuchishoBangou);
        out.text(account.kibetsuCode);
        out.whole(account.chouteiNendo);
        out.whole(account.kaikeiNendo);
        out.large(account.kibetsuChouteiGaku);
        out.large(account.shuunouGaku);
        out.whole(account.noukigen);
        out.dayOrNull(account.houteiNoukigen);
        out.dayOrNull(account.houteiNoukigenTou);
        out.whole(account.chouteiNengappi);
        writeRireki(out, account);
        out.dayOrNull(account.kouseiNengappi);
        out.whole(account.kouseiKaisuu);
        out.textOrNull(account.zuikiFlag);
        out.textOrNull(account.jiyuuCode);
        writeReceipts(out, account);
        out.whole(account.koufuriFunouKaisuu);
        out.flag(account.isTainou);
        out.dayOrNull(account.tokusokuDueOn);
        out.texts(account.held);
        out.dayOrNull(null); // seisan: no procedure touches an account in this work
    }

    private static void writeRireki(AvroOut out, Account account) throws IOException {
        out.items(account.chouteiRireki.size());
        for (Account.Rireki entry : account.chouteiRireki) {
            out.item();
            out.whole(entry.rirekiBangou());
            out.text(entry.idoShubetsu());
            out.large(entry.kibetsuChouteiGaku());
            out.whole(entry.occurredOn());
        }
        out.endItems();
    }

    private static void writeReceipts(AvroOut out, Account account) throws IOException {
        out.items(account.receipts.size());
        for (Receipt receipt : account.receipts) {
            out.item();
            out.text(receipt.receiptNo());
            out.text(receipt.dankai());
            out.large(receipt.kingaku());
            out.whole(receipt.ryoushuuNengappi());
            out.whole(receipt.shuunouNengappi());
            out.whole(receipt.nikkeibi());
            out.whole(receipt.torikomibi());
            out.text(receipt.shuunouKubun());
        }
        out.endItems();
        out.items(account.furikaeFunou.size());
        for (String receiptNo : account.furikaeFunou) {
            out.item();
            out.text(receiptNo);
        }
        out.endItems();
    }

    @Override
    public Account deserialize(String topic, byte[] message) {
        if (message == null) {
            return null;
        }
        try {
            AvroIn in = new AvroIn(message);
            if (in.schemaId != id) {
                throw new IllegalArgumentException("not an account");
            }
            return read(in);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Account read(AvroIn in) throws IOException {
        Account account = new Account();
        account.shuunouKey = in.text();
        account.atenaBangou = in.text();
        account.jichitaiCode = in.text();
        account.rirekiBangou = in.whole();
        account.isCancelled = in.flag();
        account.fukaNendo = in.whole();
        account.zeimokuCode = in.text();
        account.taishouNendo = in.whole();
        account.tsuuchishoBangou = in.text();
        account.kibetsuCode = in.text();
        account.chouteiNendo = in.whole();
        account.kaikeiNendo = in.whole();
        account.kibetsuChouteiGaku = in.large();
        account.shuunouGaku = in.large();
        account.noukigen = in.whole();
        account.houteiNoukigen = in.dayOrNull();
        account.houteiNoukigenTou = in.dayOrNull();
        account.chouteiNengappi = in.whole();
        readRireki(in, account);
        account.kouseiNengappi = in.dayOrNull();
        account.kouseiKaisuu = in.whole();
        account.zuikiFlag = in.textOrNull();
        account.jiyuuCode = in.textOrNull();
        readReceipts(in, account);
        account.koufuriFunouKaisuu = in.whole();
        account.isTainou = in.flag();
        account.tokusokuDueOn = in.dayOrNull();
        account.held = in.texts();
        in.dayOrNull(); // seisan: always null here
        return account;
    }

    private static void readRireki(AvroIn in, Account account) throws IOException {
        for (long count = in.items(); count > 0; count = in.moreItems()) {
            for (long left = count; left > 0; left--) {
                account.chouteiRireki.add(new Account.Rireki(in.whole(), in.text(), in.large(), in.whole()));
            }
        }
    }

    private static void readReceipts(AvroIn in, Account account) throws IOException {
        for (long count = in.items(); count > 0; count = in.moreItems()) {
            for (long left = count; left > 0; left--) {
                account.receipts.add(new Receipt(
                        in.text(), in.text(), in.large(), in.whole(), in.whole(), in.whole(), in.whole(),
                        in.text()));
            }
        }
        for (long count = in.items(); count > 0; count = in.moreItems()) {
            for (long left = count; left > 0; left--) {
                account.furikaeFunou.add(in.text());
            }
        }
    }
}
