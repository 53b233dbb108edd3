package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

const (
	// defaultPersonCalls is how many calls a person gets within 24 hours when Options do not say.
	defaultPersonCalls = 3
	// newestDials is among how many of a campaign's newest dials the circuit breaker looks for those that are over.
	newestDials = 200
)

// personCap is how many calls one person gets within 24 hours over all campaigns; 0 for no cap.
func (o Options) personCap() int { return max(cmp.Or(o.PersonCallsPerDay, defaultPersonCalls), 0) }

// person is about whom the gate is asked: a contact, and the call that would be made, nil when there is none yet.
type person struct {
	contact interview.Contact
	call    *interview.Call
}

// gateFacts are the facts about one person. call is nil before there is one.
func (tx *Tx) gateFacts(ctx context.Context, contact interview.Contact, campaign interview.Campaign, call *interview.Call) (interview.GateFacts, error) {
	of, err := tx.store.campaignFacts(ctx, tx, campaign, tx.Now)
	if err != nil {
		return of, err
	}
	facts, err := tx.store.personFacts(ctx, tx, of, []person{{contact, call}})
	if err != nil {
		return of, err
	}
	return facts[0], nil
}

// readAgain reads again what others may commit while they hold the row of table gate: the do-not-call list and the stops.
func (tx *Tx) readAgain(ctx context.Context, contact interview.Contact, facts *interview.GateFacts) error {
	var stops int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM stops WHERE scope IN ($1, $2) AND ended_at IS NULL`, interview.ScopeAll, facts.Campaign.ID).Scan(&stops)
	if err != nil {
		return fmt.Errorf("looking for stops: %w", err)
	}
	facts.Stopped = stops > 0
	listed, err := tx.store.listed(ctx, tx, facts.Campaign.ID, []string{contact.PhoneNumber})
	facts.Listed = listed[contact.PhoneNumber]
	return err
}

// campaignFacts are the facts about a campaign as a whole, in a few statements that read by index. Its hypotheses must be loaded.
func (s *Store) campaignFacts(ctx context.Context, q querier, c interview.Campaign, now time.Time) (interview.GateFacts, error) {
	facts := interview.GateFacts{Now: now, Campaign: c, PersonCap: s.options.personCap(), Decided: c.StopWhenDecided && c.Decided()}
	if c.Simulated { // nobody is called
		facts.PersonCap = 0
	}
	var stops int
	var circuit *time.Time
	err := q.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM calls WHERE campaign_id = $1 AND ended_as = '' AND dialed_at IS NOT NULL),
		(SELECT COUNT(*) FROM stops WHERE scope IN ('`+interview.ScopeAll+`', $1) AND ended_at IS NULL), circuit_open_until FROM campaigns WHERE id = $1`, c.ID).
		Scan(&facts.Concurrent, &stops, &circuit)
	if err != nil {
		return facts, fmt.Errorf("facts about campaign %s: %w", c.ID, err)
	}
	facts.Stopped = stops > 0
	if c.MaxPerDay > 0 {
		var at time.Time
		err := q.QueryRow(ctx, `SELECT dialed_at FROM calls WHERE campaign_id = $1 AND dialed_at > $2 ORDER BY dialed_at DESC LIMIT 1 OFFSET $3`,
			c.ID, now.Add(-interview.CapWindow), c.MaxPerDay-1).Scan(&at)
		if err == nil {
			facts.Dialled = &at
		} else if !errors.Is(err, sql.ErrNoRows) {
			return facts, fmt.Errorf("dials of campaign %s: %w", c.ID, err)
		}
	}
	if circuit == nil {
		return facts, nil
	}
	ended, err := newestEnds(ctx, q, c.ID)
	facts.CircuitOpenUntil = interview.CircuitOpen(ended, facts.Concurrent, now)
	return facts, err
}

// newestEnds are the campaign's newest attempts that are over, the newest first, as many as the circuit breaker looks at.
func newestEnds(ctx context.Context, q querier, campaignID string) ([]interview.AttemptEnd, error) {
	var ends []interview.AttemptEnd
	err := collect(ctx, q, func(r row) error {
		var e interview.AttemptEnd
		var at *time.Time
		if err := r.Scan(&e.Status, &e.ErrorCode, &at); err != nil || at == nil || !e.Status.Terminal() {
			return err
		}
		e.At = *at
		ends = append(ends, e)
		return nil
	}, `SELECT status, error_code, completed_at FROM calls WHERE campaign_id = $1 AND dialed_at IS NOT NULL ORDER BY dialed_at DESC LIMIT $2`,
		campaignID, newestDials)
	if err != nil {
		return nil, fmt.Errorf("newest attempts of campaign %s: %w", campaignID, err)
	}
	slices.SortStableFunc(ends, func(a, b interview.AttemptEnd) int { return b.At.Compare(a.At) })
	return ends[:min(len(ends), interview.CircuitCalls)], nil
}

// personFacts are the facts about people of one campaign, in their order: those of the campaign, and what is true of each. However
// many there are, it is the same few statements.
func (s *Store) personFacts(ctx context.Context, q querier, of interview.GateFacts, people []person) ([]interview.GateFacts, error) {
	facts := make([]interview.GateFacts, len(people))
	numbers := make([]string, 0, len(people))
	for i, p := range people {
		facts[i] = of
		facts[i].Zones = s.zones.Of(p.contact.TimeZone, p.contact.PhoneNumber)
		facts[i].HasConsentBasis = p.contact.ConsentBasis != ""
		facts[i].Attempts = p.contact.Attempts
		if p.contact.PhoneNumber != "" {
			numbers = append(numbers, p.contact.PhoneNumber)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	if len(numbers) == 0 {
		return facts, nil
	}
	listed, err := s.listed(ctx, q, of.Campaign.ID, numbers)
	if err != nil {
		return nil, err
	}
	live, err := s.liveCalls(ctx, q, numbers)
	if err != nil {
		return nil, err
	}
	dialled, err := s.dialsTo(ctx, q, numbers, of.Now.Add(-interview.CapWindow))
	if err != nil {
		return nil, err
	}
	for i, p := range people {
		number := p.contact.PhoneNumber
		facts[i].Listed = listed[number]
		for _, id := range live[number] {
			facts[i].LiveElsewhere = facts[i].LiveElsewhere || p.call == nil || id != p.call.ID
		}
		if dials := dialled[number]; of.PersonCap > 0 && len(dials) >= of.PersonCap {
			facts[i].PersonDialled = &dials[len(dials)-of.PersonCap]
		}
	}
	return facts, nil
}

// listed are those of the numbers that are on the do-not-call list, for all campaigns or for this one.
func (s *Store) listed(ctx context.Context, q querier, campaignID string, numbers []string) (map[string]bool, error) {
	listed := map[string]bool{}
	key, err := s.keptNumberKey(ctx, q)
	if err != nil || key == nil { // nothing was ever hashed
		return listed, err
	}
	byHash := make(map[string]string, len(numbers))
	hashes := make([][]byte, len(numbers))
	for i, number := range numbers {
		hashes[i] = hashNumber(key, number)
		byHash[string(hashes[i])] = number
	}
	condition, args := inBytes(s.dialect, "number_hash", 3, hashes)
	err = collect(ctx, q, func(r row) error {
		var hash []byte
		err := r.Scan(&hash)
		listed[byHash[string(hash)]] = true
		return err
	}, `SELECT number_hash FROM do_not_call WHERE scope IN ($1, $2) AND `+condition, append([]any{interview.ScopeAll, campaignID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("looking into the do-not-call list: %w", err)
	}
	return listed, nil
}

// inBytes is in for a column of bytes.
func inBytes(d dialect, column string, first int, list [][]byte) (condition string, args []any) {
	if d.name == postgresDialect.name {
		return fmt.Sprintf("%s = ANY($%d)", column, first), []any{list}
	}
	for _, b := range list {
		args = append(args, b)
	}
	return column + " IN " + placeholders(first, len(list)), args
}

// liveCalls are the ids of the calls to the numbers, and from them, that are not over.
func (s *Store) liveCalls(ctx context.Context, q querier, numbers []string) (map[string][]string, error) {
	live := map[string][]string{}
	to, args := in(s.dialect, "live_number", 1, numbers)
	from, _ := in(s.dialect, "phone_number", 1, numbers)
	err := collect(ctx, q, func(r row) error {
		var id, number string
		err := r.Scan(&id, &number)
		live[number] = append(live[number], id)
		return err
	}, `SELECT id, live_number FROM calls WHERE live_number <> '' AND `+to+` UNION ALL SELECT id, phone_number FROM calls
		WHERE phone_number <> '' AND `+from+` AND direction = 'inbound' AND ended_as = ''`, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for live calls to the numbers: %w", err)
	}
	return live, nil
}

// dialsTo is when the numbers were dialled since a time, by any campaign, oldest first.
func (s *Store) dialsTo(ctx context.Context, q querier, numbers []string, since time.Time) (map[string][]time.Time, error) {
	dialled := map[string][]time.Time{}
	condition, args := in(s.dialect, "phone_number", 2, numbers)
	err := collect(ctx, q, func(r row) error {
		var number string
		var at time.Time
		err := r.Scan(&number, &at)
		dialled[number] = append(dialled[number], at)
		return err
	}, `SELECT phone_number, dialed_at FROM calls WHERE dialed_at > $1 AND direction = 'outbound' AND NOT simulated AND phone_number <> '' AND `+condition,
		append([]any{since}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("looking for dials to the numbers: %w", err)
	}
	for _, dials := range dialled {
		slices.SortFunc(dials, time.Time.Compare)
	}
	return dialled, nil
}
