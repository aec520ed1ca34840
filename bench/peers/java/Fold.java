package peers;

import java.util.ArrayList;
import java.util.List;

/** 畳み込み: one event applied to the account of one 期別; the same rules as the hub's pure core. */
final class Fold {
    private static final int RECEIPTS_MAX = 400;
    private static final int FUNOU_MAX = 24;
    private static final int RIREKI_MAX = 200;

    /** 起きたこと: the kind of a fact and its yen. */
    record Happened(String kind, long kingaku) {}

    /** 拒否: the reason's code of what could not be booked. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String code) {
            super(code, null, false, false);
        }
    }

    /** 一歩: the account after it, whether it changed, and what happened. */
    record Step(Account account, boolean isChanged, List<Happened> happened) {}

    private Fold() {}

    /** `account` is null for a 期別 not seen before; else it is changed in place. */
    static Step apply(Account account, Event event) throws Refused {
        if (event instanceof Event.Choutei choutei) {
            return account == null ? first(choutei) : again(account, choutei);
        }
        if (account == null) {
            throw new Refused("R-404");
        }
        if (event instanceof Event.Funou funou) {
            return failed(account, funou);
        }
        return received(account, ((Event.Nounyuu) event).receipt());
    }

    private static Step first(Event.Choutei event) {
        Account made = new Account();
        made.shuunouKey = event.shuunouKey();
        made.atenaBangou = event.atenaBangou();
        made.jichitaiCode = event.envelope().jichitaiCode();
        made.assess(event);
        made.remember(entry(event));
        List<Happened> happened = new ArrayList<>(2);
        String kind = made.isCancelled ? "ChouteiVoided" : "ChouteiPosted";
        happened.add(new Happened(kind, made.kibetsuChouteiGaku));
        if (made.isKannou()) {
            happened.add(new Happened("KannouReached", 0));
        }
        return new Step(made, true, happened);
    }

    private static Account.Rireki entry(Event.Choutei event) {
        int day = event.envelope().occurredOn();
        return new Account.Rireki(event.rirekiBangou(), event.kind().word, event.kibetsuChouteiGaku(), day);
    }

    private static Step again(Account account, Event.Choutei event) throws Refused {
        Account.Rireki entry = entry(event);
        for (Account.Rireki known : account.chouteiRireki) {
            if (known.rirekiBangou() == entry.rirekiBangou()) {
                return repeated(account, event, known.equals(entry));
            }
        }
        if (account.chouteiRireki.size() >= RIREKI_MAX) {
            throw new Refused("R-406");
        }
        account.remember(entry);
        if (event.rirekiBangou() < account.rirekiBangou) {
            return new Step(account, true, List.of(new Happened("ChouteiSuperseded", 0)));
        }
        boolean wasKannou = account.isKannou();
        long kagonou = account.kagonouGaku();
        long before = account.kibetsuChouteiGaku;
        account.assess(event);
        List<Happened> happened = new ArrayList<>(3);
        String kind = account.isCancelled ? "ChouteiVoided" : "ChouteiRevised";
        happened.add(new Happened(kind, account.kibetsuChouteiGaku - before));
        turns(account, wasKannou, kagonou, happened);
        return new Step(account, true, happened);
    }

    private static Step repeated(Account account, Event.Choutei event, boolean isSameEntry) throws Refused {
        boolean isHighest = event.rirekiBangou() == account.rirekiBangou;
        if (!isSameEntry || (isHighest && !account.says(event))) {
            throw new Refused("R-401");
        }
        return ignored(account);
    }

    private static Step ignored(Account account) {
        return new Step(account, false, List.of(new Happened("RepetitionIgnored", 0)));
    }

    private static Step received(Account account, Receipt incoming) throws Refused {
        Receipt known = null;
        for (Receipt old : account.receipts) {
            if (old.receiptNo().equals(incoming.receiptNo())) {
                known = old;
                break;
            }
        }
        if (known == null) {
            return firstSeen(account, incoming);
        }
        if (incoming.dankai().equals(known.dankai())) {
            return sameAgain(account, known, incoming);
        }
        if (incoming.rank() < known.rank()) {
            String kind = incoming.isTorikeshi() ? "ShuunouContradicted" : "ShuunouSuperseded";
            return new Step(account, false, List.of(new Happened(kind, 0)));
        }
        return overtaken(account, known, incoming);
    }

    private static Step firstSeen(Account account, Receipt incoming) throws Refused {
        if (account.receipts.size() >= RECEIPTS_MAX) {
            throw new Refused("R-402");
        }
        boolean wasKannou = account.isKannou();
        long kagonou = account.kagonouGaku();
        account.insert(incoming);
        if (incoming.isTorikeshi()) {
            return new Step(account, true, List.of(new Happened("ShuunouReversalNoted", 0)));
        }
        List<Happened> happened = new ArrayList<>(3);
        happened.add(new Happened("ShuunouPosted", incoming.kingaku()));
        turns(account, wasKannou, kagonou, happened);
        return new Step(account, true, happened);
    }

    private static Step sameAgain(Account account, Receipt known, Receipt incoming) throws Refused {
        boolean isSameDay = known.ryoushuuNengappi() == incoming.ryoushuuNengappi();
        if (known.kingaku() != incoming.kingaku() || !isSameDay) {
            throw new Refused("R-403");
        }
        return ignored(account);
    }

    /** A later stage of a known receipt: 速報 confirmed or denied, or a denial proved wrong by the 確報. */
    private static Step overtaken(Account account, Receipt known, Receipt incoming) {
        boolean wasKannou = account.isKannou();
        long kagonou = account.kagonouGaku();
        account.remove(known);
        account.insert(incoming);
        List<Happened> happened = new ArrayList<>(4);
        String kind = incoming.dankai().equals(Receipt.KAKUHOU) ? "ShuunouConfirmed" : "ShuunouReversed";
        happened.add(new Happened(kind, incoming.effective() - known.effective()));
        if (known.isTorikeshi()) {
            happened.add(new Happened("ShuunouContradicted", 0));
        }
        turns(account, wasKannou, kagonou, happened);
        return new Step(account, true, happened);
    }

    private static Step failed(Account account, Event.Funou event) {
        if (account.furikaeFunou.contains(event.receiptNo())) {
            return ignored(account);
        }
        account.furikaeFunou.add(event.receiptNo());
        if (account.furikaeFunou.size() > FUNOU_MAX) {
            account.furikaeFunou.remove(0); // debits fail in order: the oldest cannot come again
        }
        account.koufuriFunouKaisuu++;
        Happened noted = new Happened("KouzaFurikaeFailureNoted", event.furikaeGaku());
        return new Step(account, true, List.of(noted));
    }

    /** 転機: fully paid or no longer, an overpayment that arose, changed or went. */
    private static void turns(Account account, boolean wasKannou, long kagonou, List<Happened> happened) {
        if (account.isKannou() != wasKannou) {
            happened.add(new Happened(wasKannou ? "KannouLost" : "KannouReached", 0));
        }
        long change = account.kagonouGaku() - kagonou;
        if (change != 0) {
            happened.add(new Happened(change > 0 ? "KagonouArose" : "KagonouResolved", change));
        }
    }
}
