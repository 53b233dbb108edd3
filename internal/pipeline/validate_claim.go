package pipeline

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/telemetry"
)

// VerdictStore is what validate-claim needs of the database. Every method is one transaction, fenced by the run: when
// another attempt has taken over it changes nothing and returns jobs.ErrLostRun.
type VerdictStore interface {
	// BeginValidation guards: no other run was asked for since, and the newest evidence was not judged yet, and is enough to judge.
	// Otherwise it ends the run and says Skip.
	BeginValidation(ctx context.Context, run interview.Run, hypothesisID string, revision int) (interview.Validation, error)
	// SaveVerdict keeps the verdict, marks the claims by it and ends the run. It drops a verdict on evidence of which something was erased.
	SaveVerdict(ctx context.Context, run interview.Run, verdict interview.Verdict) error
	// KeepAnswer keeps an answer that could not be read. It does not end the run.
	KeepAnswer(ctx context.Context, run interview.Run, callID, answer, reason string) error
}

// ValidateClaim judges a hypothesis by the claims of all its calls; of more than interview.MaxShown a model is shown a sample. The
// revision of the evidence for which it was asked is in the run's key, so new claims are judged and the same claims never twice.
type ValidateClaim struct {
	Store  VerdictStore
	Models *openai.Client
	// Model is the name that verdicts are kept under.
	Model string
}

// Run is one attempt. It asks the model once, and once more when the answer cannot be read.
func (f *ValidateClaim) Run(ctx context.Context, run interview.Run) error {
	var args interview.ValidateClaimArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	revision, err := run.Revision()
	if err != nil {
		return jobs.Permanent(err)
	}
	v, err := f.Store.BeginValidation(ctx, run, args.HypothesisID, revision)
	if err != nil {
		return fmt.Errorf("starting on hypothesis %s: %w", args.HypothesisID, err)
	}
	if v.Skip {
		return nil
	}
	v.Shown = readable(v.Shown)
	for _, claim := range v.Shown {
		telemetry.LinkCalls(ctx, claim.CallID)
	}
	opinion, err := ask(ctx, f.Models, verdictQuestion(v), readOpinion)
	if err != nil {
		err = settled(err, func(answer, reason string) error {
			return f.Store.KeepAnswer(ctx, run, "", answer, reason)
		})
		return fmt.Errorf("judging hypothesis %s: %w", args.HypothesisID, err)
	}
	verdict := v.Judge(opinion)
	verdict.Model = f.Model
	if err := f.Store.SaveVerdict(ctx, run, verdict); err != nil {
		return fmt.Errorf("saving the verdict on hypothesis %s: %w", args.HypothesisID, err)
	}
	return nil
}

// readOpinion reads the model's answer.
func readOpinion(answer string) (interview.Opinion, error) {
	var body struct {
		Verdict    string   `json:"verdict"`
		Conclusion string   `json:"conclusion"`
		Reasons    []string `json:"reasons"`
	}
	if err := decode(object(answer), &body); err != nil {
		return interview.Opinion{}, err
	}
	status, ok := interview.ParseVerdict(body.Verdict)
	if !ok {
		return interview.Opinion{}, fmt.Errorf(`"verdict" is %q, not VALIDATED, INVALIDATED or INCONCLUSIVE`, body.Verdict)
	}
	if line(body.Conclusion) == "" {
		return interview.Opinion{}, fmt.Errorf(`"conclusion" is empty`)
	}
	return interview.Opinion{Status: status, Conclusion: line(body.Conclusion), Reasons: body.Reasons}, nil
}
