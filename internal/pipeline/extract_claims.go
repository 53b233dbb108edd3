package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
)

// ClaimStore is what extract-claims needs of the database. Every method is one transaction, fenced by the run: when
// another attempt has taken over it changes nothing and returns jobs.ErrLostRun.
type ClaimStore interface {
	// BeginExtraction guards: consent given, recording transcribed, and no claims made of it yet. Otherwise it ends the run
	// and says Skip.
	BeginExtraction(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Extraction, error)
	// SaveClaims keeps all claims of a recording, starts the validations that they call for and ends the run. Consent is
	// checked again.
	SaveClaims(ctx context.Context, run interview.Run, callID, recordingSid string, claims []interview.Claim) error
	// KeepAnswer keeps an answer that could not be read. It does not end the run.
	KeepAnswer(ctx context.Context, run interview.Run, callID, answer, reason string) error
}

// ExtractClaims turns what was said in one recording into claims.
//
// The model proposes, we check: each claim by itself, against the words that were said. Phone numbers are not sent. A
// recording in which nobody answered has no claims, and nobody is asked.
type ExtractClaims struct {
	Store  ClaimStore
	Models *openai.Client
}

// Run is one attempt. It asks the model once, and once more when the answer cannot be read.
func (f *ExtractClaims) Run(ctx context.Context, run interview.Run) error {
	var args interview.ExtractClaimsArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	e, err := f.Store.BeginExtraction(ctx, run, args.CallID, args.RecordingSid)
	if err != nil {
		return fmt.Errorf("starting on the claims of recording %s: %w", args.RecordingSid, err)
	}
	if e.Skip {
		return nil
	}
	if e.Call.Consent != interview.ConsentGiven {
		return jobs.Permanent(fmt.Errorf("extracting claims of recording %s: %w", args.RecordingSid, errNoConsent))
	}
	e = evidence.Redacted(e)
	var claims []interview.Claim
	if evidence.Answered(e) && len(e.Hypotheses) > 0 {
		candidates, err := ask(ctx, f.Models, extractionQuestion(e), readCandidates)
		if err != nil {
			err = settled(err, func(answer, reason string) error {
				return f.Store.KeepAnswer(ctx, run, args.CallID, answer, reason)
			})
			return fmt.Errorf("extracting claims of recording %s: %w", args.RecordingSid, err)
		}
		claims = evidence.CheckClaims(candidates, e)
		for n := range claims {
			claims[n].Model = f.Models.ExtractModel()
		}
	}
	if err := f.Store.SaveClaims(ctx, run, args.CallID, args.RecordingSid, claims); err != nil {
		return fmt.Errorf("saving claims of recording %s: %w", args.RecordingSid, err)
	}
	return nil
}

// readCandidates reads the model's answer. A claim that is not of the form asked for becomes a candidate that is
// rejected, so that it takes no other with it; only an answer without a list of claims is an error.
func readCandidates(answer string) ([]evidence.Candidate, error) {
	data := object(answer)
	var list []rawClaim
	if len(data) > 0 && data[0] == '[' { // servers without structured output like to leave out the object
		if err := decode(data, &list); err != nil {
			return nil, err
		}
	} else {
		var body struct {
			Claims *[]rawClaim `json:"claims"`
		}
		if err := decode(data, &body); err != nil {
			return nil, err
		}
		if body.Claims == nil {
			return nil, errors.New(`there is no list "claims"`)
		}
		list = *body.Claims
	}
	candidates := make([]evidence.Candidate, len(list))
	for i, raw := range list {
		candidates[i] = raw.candidate()
	}
	return candidates, nil
}
