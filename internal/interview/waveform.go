package interview

// WaveformPoints is the most points of one channel of a Waveform.
const WaveformPoints = 2000

// Waveform is what a recording looks like, for drawing it without its audio, and the file in which that was measured. It is made
// once, by the worker that transcribes the recording, and goes with what was said.
type Waveform struct {
	CallID       string
	RecordingSid string
	// Format is that of the file, wav or mp3, and Size its bytes. The same file is played.
	Format string
	Size   int64
	// Seconds is how long the file plays, 0 when it could not be measured.
	Seconds float64
	// Peaks are the channels of the file, nil when it could not be measured. A channel has as many points as the others, at most
	// WaveformPoints: for each part of the time, all of the same length, the loudest sample. A point is the square root of its
	// part of full scale, from 0 to 255, so that quiet voices are seen, too.
	Peaks [][]byte
}
