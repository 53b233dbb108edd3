-- +goose Up

-- How many calls of a campaign ended how, and what became of the consent, is counted in the index alone; the id makes it serve the
-- list of a campaign's calls with one end as well. None of the columns changes with a webhook that changes nothing else indexed.
CREATE INDEX calls_campaign_end ON calls (campaign_id, ended_as, id, consent, consent_by);

-- +goose Down
DROP INDEX calls_campaign_end;
