package peers;

import java.util.Comparator;
import java.util.List;

/** 領収: one payment on a 期別, by its natural key. */
record Receipt(
        String receiptNo,
        String dankai,
        long kingaku,
        int ryoushuuNengappi,
        int shuunouNengappi,
        int nikkeibi,
        int torikomibi,
        String shuunouKubun) {
    static final String TORIKESHI = "torikeshi";
    static final String KAKUHOU = "kakuhou";
    static final Comparator<Receipt> BY_DAY =
            Comparator.comparingInt(Receipt::ryoushuuNengappi).thenComparing(Receipt::receiptNo);
    /** 段階: a later one prevails, whatever the order of arrival. */
    private static final List<String> STAGES = List.of("sokuhou", TORIKESHI, KAKUHOU);

    int rank() {
        return STAGES.indexOf(dankai);
    }

    boolean isTorikeshi() {
        return dankai.equals(TORIKESHI);
    }

    /** What it adds to 収納額: a denied one adds nothing. */
    long effective() {
        return isTorikeshi() ? 0 : kingaku;
    }
}
