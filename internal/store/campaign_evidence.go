package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
)

// SpokenAnswer is something that a person said in a call of a campaign, or may have said where the sides of a recording are not known.
type SpokenAnswer struct {
	interview.Utterance
	ContactID, ExternalID string
	// Question is the number of the question that it answers, from 1, and Asked how it was asked; 0 and "" where that is not known.
	Question int
	Asked    string
}

// EachAnswer calls f with all answers to a campaign, part by part, in the order of the calls and of what was said in them. ErrNotFound
// when there is no such campaign.
func (s *Store) EachAnswer(ctx context.Context, campaignID string, f func([]SpokenAnswer) error) error {
	script, err := s.scriptOf(ctx, campaignID)
	if err != nil {
		return err
	}
	return named("reading the answers", campaignID, s.eachInterviewed(ctx, campaignID, func(part []interviewed) error {
		answers, err := s.answersOf(ctx, script, part)
		if err != nil || len(answers) == 0 {
			return err
		}
		return f(answers)
	}))
}

// interviewed is a call, and what its contact is known by.
type interviewed struct {
	callID, contactID, externalID string
	variables                     map[string]string
}

const selectInterviewed = `SELECT calls.id, calls.contact_id, COALESCE(contacts.external_id, ''), COALESCE(contacts.variables, '')
	FROM calls LEFT JOIN contacts ON contacts.id = calls.contact_id`

// eachInterviewed calls f with the calls of a campaign.
func (s *Store) eachInterviewed(ctx context.Context, campaignID string, f func([]interviewed) error) error {
	read := func(ctx context.Context, after string) ([]interviewed, error) {
		statement, args := partOf(selectInterviewed, "calls", campaignID, after)
		var part []interviewed
		err := collect(ctx, s.read(), func(r row) error {
			var c interviewed
			err := r.Scan(&c.callID, &c.contactID, &c.externalID, jsonColumn{&c.variables})
			part = append(part, c)
			return err
		}, statement, args...)
		return part, err
	}
	return eachPart(ctx, read, func(c interviewed) string { return c.callID }, f)
}

func callIDs(part []interviewed) []string {
	ids := make([]string, len(part))
	for i, c := range part {
		ids[i] = c.callID
	}
	return ids
}

func (d dialect) utterancesOfCalls(ids []string) (statement string, args []any) {
	condition, args := in(d, "utterances.call_id", 1, ids)
	return selectUtterances + ` WHERE ` + condition + currentUtterances + utteranceOrder, args
}

func (s *Store) answersOf(ctx context.Context, script interview.Script, part []interviewed) ([]SpokenAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	said := map[string][]interview.Utterance{}
	statement, args := s.dialect.utterancesOfCalls(callIDs(part))
	err := collect(ctx, s.read(), func(r row) error {
		u, err := scanUtterance(r)
		said[u.CallID] = append(said[u.CallID], u)
		return err
	}, statement, args...)
	if err != nil {
		return nil, err
	}
	var answers []SpokenAnswer
	for _, c := range part {
		filled := script
		filled.Questions, _ = interview.FillQuestions(script.Questions, c.variables)
		questions := interview.QuestionsAsked{Asks: filled.Asks()}
		for _, u := range said[c.callID] {
			n := questions.Answers(u)
			if u.Speaker == interview.SpeakerAgent {
				continue
			}
			a := SpokenAnswer{Utterance: u, ContactID: c.contactID, ExternalID: c.externalID, Question: n}
			if n > 0 && n <= len(questions.Asks) {
				a.Asked = questions.Asks[n-1]
			}
			answers = append(answers, a)
		}
	}
	return answers, nil
}

// EachClaim calls f with all claims of a campaign, rejected ones too, part by part, in the order of their calls. ErrNotFound when there
// is no such campaign.
func (s *Store) EachClaim(ctx context.Context, campaignID string, f func([]interview.Claim) error) error {
	if _, err := s.Campaign(ctx, campaignID); err != nil {
		return err
	}
	return named("reading the claims", campaignID, s.eachInterviewed(ctx, campaignID, func(part []interviewed) error {
		claims, err := s.claimsIn(ctx, part)
		if err != nil || len(claims) == 0 {
			return err
		}
		return f(claims)
	}))
}

func (d dialect) claimsOfCalls(ids []string) (statement string, args []any) {
	condition, args := in(d, "claims.call_id", 1, ids)
	return selectClaims + ` WHERE ` + condition, args
}

func (s *Store) claimsIn(ctx context.Context, part []interviewed) ([]interview.Claim, error) {
	ctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	var claims []interview.Claim
	statement, args := s.dialect.claimsOfCalls(callIDs(part))
	err := collect(ctx, s.read(), func(r row) error {
		c, err := scanClaim(r)
		claims = append(claims, c)
		return err
	}, statement, args...)
	slices.SortFunc(claims, func(a, b interview.Claim) int {
		return cmp.Or(cmp.Compare(a.CallID, b.CallID), cmp.Compare(a.ID, b.ID))
	})
	return claims, err
}

// JudgedHypothesis is a verdict with the question that it answers.
type JudgedHypothesis struct {
	interview.Verdict
	Question string
}

// EachVerdict calls f with all verdicts on the hypotheses of a campaign, part by part, those of a hypothesis oldest first. ErrNotFound
// when there is no such campaign.
func (s *Store) EachVerdict(ctx context.Context, campaignID string, f func([]JudgedHypothesis) error) error {
	campaign, err := s.Campaign(ctx, campaignID)
	if err != nil {
		return err
	}
	for _, h := range campaign.Hypotheses {
		if err := s.eachVerdictOn(ctx, h, f); err != nil {
			return named("reading the verdicts", campaignID, err)
		}
	}
	return nil
}

const selectVerdictsAfter = `SELECT id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls, reasons, model,
	created_at FROM verdicts WHERE hypothesis_id = $1 AND revision > $2 ORDER BY revision LIMIT $3`

func (s *Store) eachVerdictOn(ctx context.Context, h interview.Hypothesis, f func([]JudgedHypothesis) error) error {
	revision := -1
	read := func(ctx context.Context, _ string) ([]JudgedHypothesis, error) {
		var part []JudgedHypothesis
		err := collect(ctx, s.read(), func(r row) error {
			v := JudgedHypothesis{Question: h.Question}
			var reasons string
			err := r.Scan(&v.ID, &v.HypothesisID, &v.Revision, &v.Status, &v.Conclusion, &v.Consistency, &v.Confidence, &v.Claims, &v.Calls,
				&reasons, &v.Model, &v.CreatedAt)
			if err == nil {
				err = json.Unmarshal([]byte(reasons), &v.Reasons)
			}
			part, revision = append(part, v), v.Revision
			return err
		}, selectVerdictsAfter, h.ID, revision, partRows)
		return part, err
	}
	return eachPart(ctx, read, func(v JudgedHypothesis) string { return v.ID }, f)
}
