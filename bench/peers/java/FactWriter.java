package peers;

import java.io.IOException;

/** 事実の書き手: one LedgerFact for each thing that happened; the account stands on the first. */
final class FactWriter {
    private final int id;

    FactWriter(Schemas schemas) throws IOException {
        id = schemas.checked(
                "fact/ledger_fact.v2",
                "fact_id", "kind", "event_id", "source", "atena_bangou", "shuunou_key", "kingaku",
                "occurred_on", "recorded_at", "minou_gaku", "kagonou_gaku", "account", "case", "applied");
    }

    byte[] write(Event event, Account account, Fold.Happened happened, boolean isFirst) throws IOException {
        Event.Envelope envelope = event.envelope();
        AvroOut out = AvroOut.begin(id);
        out.text(envelope.eventId() + "/" + happened.kind());
        out.text(happened.kind());
        out.text(envelope.eventId());
        out.text(envelope.source());
        out.text(account.atenaBangou);
        out.textOrNull(account.shuunouKey);
        out.large(happened.kingaku());
        out.whole(envelope.occurredOn());
        out.large(envelope.recordedAt());
        out.large(account.minouGaku());
        out.large(account.kagonouGaku());
        if (out.isThere(isFirst ? account : null)) {
            AccountCodec.write(out, account);
        }
        out.isThere(null); // the case: without a 基準日 it never changes
        out.items(0); // provisions: none is applied before a 基準日 comes
        out.endItems();
        return out.end();
    }
}
