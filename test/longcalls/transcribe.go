package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/test/measure"
)

// account is Twilio's test account's form.
const account = "AC00000000000000000000000000000001"

// transcribe is the measured process: it transcribes recordings at once and prints its memory.
func transcribe(ctx context.Context, server string, recordings int) error {
	media, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: "token", APIURL: server})
	if err != nil {
		return err
	}
	models, err := openai.New(openai.Config{BaseURL: server + "/v1"})
	if err != nil {
		return err
	}
	function := &pipeline.TranscribeRecording{Store: noStore{}, Twilio: media, Models: models, Now: time.Now}
	idle, err := measure.Memory(os.Getpid(), "VmRSS")
	if err != nil {
		return err
	}
	done := make(chan error)
	for n := range recordings {
		go func() {
			sid := fmt.Sprintf("RE%032d", n)
			job := interview.NewTranscribeRecording("call", sid, server+"/2010-04-01/Accounts/"+account+"/Recordings/"+sid)
			args, err := json.Marshal(job.Args)
			if err == nil {
				err = function.Run(ctx, interview.Run{ID: sid, Function: interview.TranscribeRecording, Attempt: 1, Args: args})
			}
			done <- err
		}()
	}
	for range recordings {
		err = errors.Join(err, <-done)
	}
	peak, failed := measure.Memory(os.Getpid(), "VmHWM")
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures{Idle: idle, Peak: peak})
}

// noStore has every recording and keeps nothing: what is measured is the audio.
type noStore struct{}

func (noStore) BeginTranscription(_ context.Context, _ interview.Run, callID, sid string) (interview.Transcription, error) {
	return interview.Transcription{Call: interview.Call{ID: callID, Consent: interview.ConsentGiven},
		Recording: interview.Recording{Sid: sid, CallID: callID, Channels: 2}}, nil
}

func (noStore) SaveWaveform(context.Context, interview.Run, interview.Waveform) error { return nil }

func (noStore) SaveTranscript(context.Context, interview.Run, string, string, []interview.Utterance, ...interview.DroppedSegment) error {
	return nil
}
