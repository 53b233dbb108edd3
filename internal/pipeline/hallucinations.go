package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/openai"
)

// Speech-to-text writes down words also where nobody speaks. The signs of it, the surest first:
//
//   - the audio at that time is silent;
//   - the model finds it all but certain that nothing was said (no_speech_prob), whatever it thinks of its words, or likely
//     while it also doubts the words (avg_logprob), Whisper's own rule;
//   - the words repeat themselves (compression_ratio, by Whisper's own limit; or one phrase over and over);
//   - the words are of the kind that models learnt from subtitles. A person may say them too, so that this counts only with
//     another sign.
const (
	surelyNoSpeech = 0.9
	likelyNoSpeech = 0.6
	doubtedWords   = -1.0
	mostCompressed = 2.4
	stockNoSpeech  = 0.4
)

// dropped is a segment that is taken for a hallucination.
type dropped struct {
	openai.Segment
	reason interview.DropReason
	detail string
}

// dropHallucinations tells what was said from what was hallucinated. sound is what the channel really holds, nil when that could not be
// measured.
func dropHallucinations(segments []openai.Segment, sound *loudness) (said []openai.Segment, hallucinations []dropped) {
	for i, s := range segments {
		if reason, detail := hallucinated(segments, i, sound); reason != "" {
			hallucinations = append(hallucinations, dropped{s, reason, detail})
			continue
		}
		said = append(said, s)
	}
	said, repetitions := withoutRepetitions(said)
	hallucinations = append(hallucinations, repetitions...)
	slices.SortStableFunc(hallucinations, func(a, b dropped) int { return cmp.Compare(a.Start, b.Start) })
	return said, hallucinations
}

// hallucinated says why a segment is no speech, "" when it is.
func hallucinated(segments []openai.Segment, i int, sound *loudness) (reason interview.DropReason, detail string) {
	s := segments[i]
	short := false // whether there is too little sound to say this calmly
	if sound != nil {
		audible := soundOf(segments, i, *sound)
		if audible < leastSound(s.Text) {
			return interview.DropSilence, fmt.Sprintf("%d ms above %d dBFS", audible.Milliseconds(), silentDBFS)
		}
		short = audible < 3*leastSound(s.Text)
	}
	switch {
	case s.NoSpeechProb >= surelyNoSpeech, s.NoSpeechProb > likelyNoSpeech && s.AvgLogprob < doubtedWords:
		return interview.DropNoSpeech, fmt.Sprintf("no_speech_prob %.2f, avg_logprob %.2f", s.NoSpeechProb, s.AvgLogprob)
	case s.CompressionRatio > mostCompressed:
		return interview.DropCompression, fmt.Sprintf("compression_ratio %.1f", s.CompressionRatio)
	case isStockPhrase(s.Text) && (short || s.NoSpeechProb >= stockNoSpeech):
		return interview.DropStockPhrase, fmt.Sprintf("no_speech_prob %.2f", s.NoSpeechProb)
	}
	return "", ""
}

// leastSound is the least sound in which words can be said: nobody says 80 letters a second. Long segments are not held to
// it, since quiet syllables pass for silence.
func leastSound(text string) time.Duration {
	return min(max(time.Duration(len([]rune(text)))*time.Second/80, shortestSound), 400*time.Millisecond)
}

// Models are not exact with times. A segment may miss its sound by a second, and another one end early.
const (
	farOff  = time.Second
	endsOff = 500 * time.Millisecond
)

// soundOf is how much of a segment is more than silence. Where there is none, sound close by counts that no other segment
// is near.
func soundOf(segments []openai.Segment, i int, l loudness) time.Duration {
	from, to := timesOf(segments[i])
	if audible := l.soundBetween(from, to); audible >= shortestSound {
		return audible
	}
	first, end := l.windows(from-farOff, to+farOff)
	var audible time.Duration
	for n := first; n < end; n++ {
		at := time.Duration(n) * window
		if l.sound[n] && !slices.ContainsFunc(segments, func(s openai.Segment) bool {
			from, to := timesOf(s)
			return s != segments[i] && at >= from-endsOff && at < to+endsOff
		}) {
			audible += window
		}
	}
	return audible
}

func timesOf(s openai.Segment) (from, to time.Duration) {
	return time.Duration(s.Start * float64(time.Second)), time.Duration(s.End * float64(time.Second))
}

// stockPhrases are what models write under silence, learnt from subtitles: greetings of video makers and credits.
var stockPhrases = []string{
	"thank you for watching", "thanks for watching", "thank you so much for watching", "please subscribe",
	"subscribe to", "like and subscribe", "see you in the next video", "see you next time", "don't forget to subscribe",
	"subtitles by", "subtitled by", "captions by", "transcribed by", "translated by", "amara org", "www ", "the end",
	"thank you for listening", "thanks for listening",
}

// isStockPhrase reports that a segment is little more than a stock phrase.
func isStockPhrase(text string) bool {
	words := strings.Join(wordsOf(text), " ")
	return slices.ContainsFunc(stockPhrases, func(p string) bool {
		return strings.Contains(words+" ", p) && len(words) < 2*len(p)+20
	})
}

// wordsOf are the words of s, without case and punctuation.
func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’'
	})
}
