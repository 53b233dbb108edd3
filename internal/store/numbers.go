package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
)

// RefusedNumber is a number that must not be called now.
type RefusedNumber struct {
	PhoneNumber string
	// Live says that a call to it is not over.
	Live bool
	// Refusal is what nothing cures and the gate says of it, with Detail; "" when the campaign has called it before, or it is Live.
	Refusal interview.Refusal
	Detail  string
}

// RefusedNumbersError names the numbers that must not be called.
type RefusedNumbersError struct{ Numbers []RefusedNumber }

func (e *RefusedNumbersError) Error() string {
	return fmt.Sprintf("%d numbers have a live call, were called by the campaign, or must not be called", len(e.Numbers))
}

// CheckCallable says what speaks against calling the numbers for a campaign. It promises nothing: CreateCalls looks again.
//
// Errors: ErrNotFound without such a campaign, *NotActiveError and *RefusedNumbersError, or both in one.
func (s *Store) CheckCallable(ctx context.Context, campaignID string, numbers []string, allowRepeat bool) error {
	return s.write(ctx, func(tx *Tx) error { return tx.requireCallable(ctx, campaignID, numbers, allowRepeat) })
}

// requireCallable makes sure that the campaign is active, and stays so until the transaction ends, and that none of the
// numbers has a live call or, unless that is allowed, was called by the campaign, and that nothing keeps them from ever being called. As it holds the campaign's row, no other
// transaction calls the numbers for the same campaign; for another one the unique index decides.
func (tx *Tx) requireCallable(ctx context.Context, campaignID string, numbers []string, allowRepeat bool) error {
	inactive := tx.requireActive(ctx, campaignID)
	var notActive *NotActiveError
	if inactive != nil && !errors.As(inactive, &notActive) {
		return inactive
	}
	refused, err := tx.refusedNumbers(ctx, campaignID, numbers, allowRepeat)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		return errors.Join(inactive, &RefusedNumbersError{refused})
	}
	return inactive
}

// refusedNumbers are those of the numbers that must not be called, in their order. A call that was canceled before Twilio
// had it called nobody. What an erased call was to is not known.
func (tx *Tx) refusedNumbers(ctx context.Context, campaignID string, numbers []string, allowRepeat bool) ([]RefusedNumber, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	live, called := map[string]bool{}, map[string]bool{}
	condition, args := tx.in("phone_number", 1, numbers)
	err := collect(ctx, tx, func(r row) error {
		var c interview.Call
		if err := r.Scan(&c.PhoneNumber, &c.CampaignID, &c.Status, &c.DialedAt, &c.TwilioSid, &c.Direction); err != nil {
			return err
		}
		live[c.PhoneNumber] = live[c.PhoneNumber] || !c.Status.Terminal()
		if c.CampaignID == campaignID && !c.Inbound() && (c.Status != interview.CallCanceled || c.Dialled()) {
			called[c.PhoneNumber] = true
		}
		return nil
	}, `SELECT phone_number, campaign_id, status, dialed_at, twilio_sid, direction FROM calls WHERE phone_number <> '' AND `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for calls to the numbers: %w", err)
	}
	condition, args = tx.in("live_number", 1, numbers)
	err = collect(ctx, tx, func(r row) error {
		var number string
		err := r.Scan(&number)
		live[number] = true
		return err
	}, `SELECT live_number FROM calls WHERE live_number <> '' AND `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for live calls to the numbers: %w", err)
	}
	if err := tx.forgottenNumbers(ctx, numbers, called); err != nil {
		return nil, fmt.Errorf("looking for forgotten calls to the numbers: %w", err)
	}
	never, err := tx.neverCalled(ctx, campaignID, numbers)
	if err != nil {
		return nil, err
	}
	var refused []RefusedNumber
	for _, number := range numbers {
		switch v := never[number]; {
		case v.Refusal != "":
			refused = append(refused, RefusedNumber{PhoneNumber: number, Refusal: v.Refusal, Detail: v.Detail})
		case live[number] || called[number] && !allowRepeat:
			refused = append(refused, RefusedNumber{PhoneNumber: number, Live: live[number]})
		}
	}
	return refused, nil
}

// neverCalled are those of the numbers that the gate refuses for good if they are called for a campaign, as of a contact of whom nothing
// else is known. That the campaign is completed is for others to say.
func (tx *Tx) neverCalled(ctx context.Context, campaignID string, numbers []string) (map[string]interview.GateVerdict, error) {
	never := map[string]interview.GateVerdict{}
	c, err := campaign(ctx, tx, campaignID)
	if err != nil {
		return nil, err
	}
	of, err := tx.store.campaignFacts(ctx, tx, c, tx.Now)
	if err != nil {
		return nil, err
	}
	people := make([]person, len(numbers))
	for i, number := range numbers {
		people[i].contact = interview.Contact{CampaignID: campaignID, PhoneNumber: number}
	}
	facts, err := tx.store.personFacts(ctx, tx, of, people)
	if err != nil {
		return nil, err
	}
	for i, number := range numbers {
		if v := interview.MayCall(facts[i]); v.Final && v.Refusal != interview.RefusalCampaign {
			never[number] = v
		}
	}
	return never, nil
}

// insertNewCalls writes the calls of one request. *RefusedNumbersError when another request was faster.
func (tx *Tx) insertNewCalls(ctx context.Context, calls []interview.Call) error {
	// In the order of the numbers, so that two requests with the same ones do not wait for each other.
	calls = slices.Clone(calls)
	slices.SortFunc(calls, func(a, b interview.Call) int { return cmp.Compare(a.PhoneNumber, b.PhoneNumber) })
	var all RefusedNumbersError
	for part := range slices.Chunk(calls, insertAtOnce) {
		var refused *RefusedNumbersError
		err := tx.insertCalls(ctx, part)
		switch {
		case errors.As(err, &refused):
			all.Numbers = append(all.Numbers, refused.Numbers...)
		case err != nil:
			return err
		}
	}
	if len(all.Numbers) > 0 {
		return &all
	}
	return nil
}

// claimNumber makes a call the live one to its number before it is dialled. A call has been that since it was created,
// unless an older version let in two to one number: then one waits until the other is over, by the facts.
func (tx *Tx) claimNumber(ctx context.Context, call *interview.Call, facts *interview.GateFacts) error {
	if call.LiveNumber != "" || call.PhoneNumber == "" {
		return nil
	}
	var others int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM calls WHERE id <> $1
		AND (live_number <> '' AND live_number = $2 OR phone_number <> '' AND phone_number = $2 AND dialed_at IS NOT NULL
		AND status NOT IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED'))`, call.ID, call.PhoneNumber).Scan(&others)
	if err != nil {
		return fmt.Errorf("looking for another call to the number: %w", err)
	}
	if others > 0 {
		facts.LiveElsewhere = true
		return nil
	}
	call.LiveNumber = call.PhoneNumber
	return nil
}
