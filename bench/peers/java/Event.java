package peers;

import java.util.Map;

/** 異動: one change event, as matching hands it to the ledger. Days are days since 1970, amounts yen. */
sealed interface Event {
    Envelope envelope();

    String shuunouKey();

    /** 共通の頭: of its eight fields the ledger needs these. */
    record Envelope(String eventId, String source, int occurredOn, long recordedAt, String jichitaiCode) {}

    /** 調定・更正・取消: the assessment of one 期別. */
    record Choutei(
            Envelope envelope,
            Kind kind,
            String shuunouKey,
            int rirekiBangou,
            String atenaBangou,
            int fukaNendo,
            String zeimokuCode,
            int taishouNendo,
            String tsuuchishoBangou,
            String kibetsuCode,
            int chouteiNendo,
            int kaikeiNendo,
            long kibetsuChouteiGaku,
            int noukigen,
            Integer houteiNoukigen,
            Integer houteiNoukigenTou,
            int chouteiNengappi,
            String zuikiFlag,
            String jiyuuCode,
            Map<String, String> held)
            implements Event {}

    /** 調定の種類。 */
    enum Kind {
        ESTABLISHED("established"),
        CORRECTED("corrected"),
        CANCELLED("cancelled");

        final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    /** 収納・収納取消: a receipt, in the stage that it has reached. */
    record Nounyuu(Envelope envelope, String shuunouKey, Receipt receipt) implements Event {}

    /** 口座振替不能。 */
    record Funou(Envelope envelope, String shuunouKey, String receiptNo, long furikaeGaku)
            implements Event {}
}
