package export

import (
	"context"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// table is the columns of a table and the reading of its rows, part by part.
type table struct {
	columns string
	each    func(ctx context.Context, s *store.Store, campaignID string, f func([][]any) error) error
}

func tables() map[Table]table {
	return map[Table]table{
		Contacts: {`id campaignId externalId phoneNumber timeZone language variables consentBasis consentAt state reason nextAt attempts
			lastCallId callerId disposition dispositionName simulated createdAt updatedAt`, rowsOf((*store.Store).EachContact, contactRow)},
		Calls: {`id campaignId contactId attempt direction phoneNumber status consentGiven consentBy consentAt answeredBy answers questions
			duration dialedAt startedAt completedAt errorCode errorMessage callSid stirStatus identitySaid identitySaidAt optedOutAt
			cancelRequestedAt erasedAt disposition dispositionName simulated createdAt`, rowsOf((*store.Store).EachCall, callRow)},
		Answers: {`callId contactId externalId questionNumber question speaker text source recordingSid position startSec endSec`,
			rowsOf((*store.Store).EachAnswer, answerRow)},
		Claims: {`id callId hypothesisId field valueNumber valueText unit skuId geoCode text rawText startSec endSec confidence lowConfidence
			supports validated contradicting rejected evidenceUrl recordingSid model createdAt`, rowsOf((*store.Store).EachClaim, claimRow)},
		Verdicts: {`id hypothesisId question revision status conclusion consistency confidence claims calls reasons model createdAt`,
			rowsOf((*store.Store).EachVerdict, verdictRow)},
	}
}

// rowsOf reads a table by a method of the store.
func rowsOf[T any](each func(*store.Store, context.Context, string, func([]T) error) error, row func(T) []any) func(context.Context, *store.Store, string, func([][]any) error) error {
	return func(ctx context.Context, s *store.Store, campaignID string, f func([][]any) error) error {
		return each(s, ctx, campaignID, func(part []T) error {
			rows := make([][]any, len(part))
			for i, item := range part {
				rows[i] = row(item)
			}
			return f(rows)
		})
	}
}

func contactRow(c store.ContactAttempts) []any {
	d := c.Disposition()
	return []any{c.ID, c.CampaignID, text(c.ExternalID), number(c.PhoneNumber), c.TimeZone, c.Language, variables(c.Variables), text(c.ConsentBasis),
		orNone(c.ConsentAt), string(c.State), string(c.Reason), orNone(c.NextAt), c.Attempts, c.CallID, number(c.CallerID), string(d), dispositionName(d),
		c.Simulated, c.CreatedAt, c.UpdatedAt}
}

func callRow(c interview.Call) []any {
	d := c.Disposition()
	return []any{c.ID, c.CampaignID, c.ContactID, c.Attempt, string(c.Direction), number(c.PhoneNumber), string(c.Status), consent(c.Consent), string(c.ConsentBy),
		orNone(c.ConsentAt), string(c.AnsweredBy), c.Answers, len(c.Script.Asks()), orNone(c.Duration), orNone(c.DialedAt), orNone(c.StartedAt), orNone(c.CompletedAt),
		nonZero(c.ErrorCode), text(c.ErrorMessage), c.TwilioSid, c.StirStatus, text(c.IdentitySaid), orNone(c.IdentitySaidAt), orNone(c.OptedOutAt),
		orNone(c.CancelRequestedAt), orNone(c.ErasedAt), string(d), dispositionName(d), c.Simulated, c.CreatedAt}
}

// dispositionName is "" for a contact or call that is not over.
func dispositionName(d interview.Disposition) string {
	if d == interview.DispositionOpen {
		return ""
	}
	return d.Name()
}

func answerRow(a store.SpokenAnswer) []any {
	source, start, end := "recording", any(a.StartSec), any(a.EndSec)
	if a.RecordingSid == "" {
		source, start, end = "live", nil, nil // nobody knows when it was said
	}
	return []any{a.CallID, a.ContactID, text(a.ExternalID), nonZero(a.Question), text(a.Asked), string(a.Speaker), text(a.Text), source, a.RecordingSid,
		a.Position, start, end}
}

func claimRow(c interview.Claim) []any {
	return []any{c.ID, c.CallID, c.HypothesisID, string(c.Field), orNone(c.ValueNumber), text(c.ValueText), string(c.Unit), text(c.SkuID), text(c.GeoCode),
		text(c.Text), text(c.RawText), c.StartSec, c.EndSec, c.Confidence, c.LowConfidence, orNone(c.Supports), c.Validated, c.Contradicting,
		text(c.Rejected), c.EvidenceURL, c.RecordingSid, c.Model, c.CreatedAt}
}

func verdictRow(v store.JudgedHypothesis) []any {
	return []any{v.ID, v.HypothesisID, text(v.Question), v.Revision, string(v.Status), text(v.Conclusion), v.Consistency, v.Confidence, v.Claims, v.Calls,
		texts(v.Reasons), v.Model, v.CreatedAt}
}
