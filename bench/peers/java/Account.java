package peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** 収納台帳: one 期別; read from the store, changed in place, written back. */
final class Account {
    String shuunouKey;
    String atenaBangou;
    String jichitaiCode;
    int rirekiBangou;
    boolean isCancelled;
    int fukaNendo;
    String zeimokuCode;
    int taishouNendo;
    String tsuuchishoBangou;
    String kibetsuCode;
    int chouteiNendo;
    int kaikeiNendo;
    long kibetsuChouteiGaku;
    long shuunouGaku;
    int noukigen;
    Integer houteiNoukigen;
    Integer houteiNoukigenTou;
    int chouteiNengappi;
    List<Rireki> chouteiRireki = new ArrayList<>();
    Integer kouseiNengappi;
    int kouseiKaisuu;
    String zuikiFlag;
    String jiyuuCode;
    List<Receipt> receipts = new ArrayList<>();
    List<String> furikaeFunou = new ArrayList<>();
    int koufuriFunouKaisuu;
    boolean isTainou;
    Integer tokusokuDueOn;
    Map<String, String> held = Map.of();

    /** 調定の履歴。 */
    record Rireki(int rirekiBangou, String idoShubetsu, long kibetsuChouteiGaku, int occurredOn) {}

    long minouGaku() {
        return Math.max(kibetsuChouteiGaku - shuunouGaku, 0);
    }

    long kagonouGaku() {
        return Math.max(shuunouGaku - kibetsuChouteiGaku, 0);
    }

    boolean isKannou() {
        return !isCancelled && minouGaku() == 0;
    }

    /** 次に見る日: the day after the 納期限 while something is owed (no 基準日 comes in this load). */
    Integer nextOn() {
        return minouGaku() == 0 ? null : Integer.valueOf(noukigen + 1);
    }

    /** 更正回数: corrections and cancellations in the history. */
    private int corrections() {
        int count = 0;
        for (Rireki entry : chouteiRireki) {
            count += entry.idoShubetsu().equals(Event.Kind.ESTABLISHED.word) ? 0 : 1;
        }
        return count;
    }

    void remember(Rireki entry) {
        int at = chouteiRireki.size();
        while (at > 0 && chouteiRireki.get(at - 1).rirekiBangou() > entry.rirekiBangou()) {
            at--;
        }
        chouteiRireki.add(at, entry);
        kouseiKaisuu = corrections();
    }

    /** Takes over what this assessment, being the highest, says. */
    void assess(Event.Choutei event) {
        if (event.noukigen() != noukigen) {
            tokusokuDueOn = null; // 督促 is due by the 納期限: a new one makes a new due date
        }
        rirekiBangou = event.rirekiBangou();
        isCancelled = event.kind() == Event.Kind.CANCELLED;
        fukaNendo = event.fukaNendo();
        zeimokuCode = event.zeimokuCode();
        taishouNendo = event.taishouNendo();
        tsuuchishoBangou = event.tsuuchishoBangou();
        kibetsuCode = event.kibetsuCode();
        chouteiNendo = event.chouteiNendo();
        kaikeiNendo = event.kaikeiNendo();
        kibetsuChouteiGaku = event.kibetsuChouteiGaku();
        noukigen = event.noukigen();
        houteiNoukigen = event.houteiNoukigen();
        houteiNoukigenTou = event.houteiNoukigenTou();
        chouteiNengappi = event.chouteiNengappi();
        kouseiNengappi = event.kind() == Event.Kind.ESTABLISHED ? null : event.envelope().occurredOn();
        zuikiFlag = event.zuikiFlag();
        jiyuuCode = event.jiyuuCode();
        held = event.held();
    }

    /** Whether this assessment would leave the account as it is. */
    boolean says(Event.Choutei event) {
        return isCancelled == (event.kind() == Event.Kind.CANCELLED)
                && fukaNendo == event.fukaNendo()
                && zeimokuCode.equals(event.zeimokuCode())
                && taishouNendo == event.taishouNendo()
                && tsuuchishoBangou.equals(event.tsuuchishoBangou())
                && kibetsuCode.equals(event.kibetsuCode())
                && chouteiNendo == event.chouteiNendo()
                && kaikeiNendo == event.kaikeiNendo()
                && kibetsuChouteiGaku == event.kibetsuChouteiGaku()
                && noukigen == event.noukigen()
                && Objects.equals(houteiNoukigen, event.houteiNoukigen())
                && Objects.equals(houteiNoukigenTou, event.houteiNoukigenTou())
                && chouteiNengappi == event.chouteiNengappi()
                && Objects.equals(zuikiFlag, event.zuikiFlag())
                && Objects.equals(jiyuuCode, event.jiyuuCode())
                && held.equals(event.held());
    }

    void insert(Receipt receipt) {
        int at = receipts.size();
        while (at > 0 && Receipt.BY_DAY.compare(receipts.get(at - 1), receipt) > 0) {
            at--;
        }
        receipts.add(at, receipt);
        shuunouGaku += receipt.effective();
    }

    void remove(Receipt receipt) {
        receipts.remove(receipt);
        shuunouGaku -= receipt.effective();
    }
}
