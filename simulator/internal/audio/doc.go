// Package audio makes the files of simulated recordings, and recognises them again. A WAV is made of tones; a mark in the
// lowest bits of its samples names the recording and the channel. An MP3 is silence of the right length behind an ID3 tag
// that names the recording: the standard library has no MP3 encoder.
package audio
