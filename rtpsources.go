package webrtc

import (
	"math"
	"time"

	"github.com/parleyrtc/webrtc/transceiver"
)

// An RTPContributingSource is a source that a mixer put into what was received in
// the last ten seconds (webrtc-pc §5.3.1).
type RTPContributingSource struct {
	// Timestamp is when the newest packet with the source arrived.
	Timestamp time.Time
	// Source is the source's CSRC, or its SSRC.
	Source uint32
	// AudioLevel is the loudness in that packet, from 0 for silence to 1; nil if
	// the peer does not say (RFC 6465, RFC 6464).
	AudioLevel *float64
	// RTPTimestamp is that packet's RTP timestamp.
	RTPTimestamp uint32
}

// An RTPSynchronizationSource is a source of packets that were received in the
// last ten seconds (webrtc-pc §5.3.2).
type RTPSynchronizationSource struct {
	RTPContributingSource
	// VoiceActivityFlag tells whether the packet contains speech; nil if the peer
	// does not say (RFC 6464 §4).
	VoiceActivityFlag *bool
}

// GetContributingSources returns the contributing sources of the last ten
// seconds, the newest first (webrtc-pc §5.3).
func (r *RTPReceiver) GetContributingSources() []RTPContributingSource {
	var out []RTPContributingSource
	for _, s := range r.core.Sources(time.Now()) {
		if s.Contributing {
			out = append(out, contributingSource(s))
		}
	}
	return out
}

// GetSynchronizationSources returns the synchronization sources of the last ten
// seconds, the newest first (webrtc-pc §5.3).
func (r *RTPReceiver) GetSynchronizationSources() []RTPSynchronizationSource {
	var out []RTPSynchronizationSource
	for _, s := range r.core.Sources(time.Now()) {
		if s.Contributing {
			continue
		}
		source := RTPSynchronizationSource{RTPContributingSource: contributingSource(s)}
		if s.HasVoice {
			source.VoiceActivityFlag = &s.Voice
		}
		out = append(out, source)
	}
	return out
}

func contributingSource(s transceiver.SourceInfo) RTPContributingSource {
	out := RTPContributingSource{Timestamp: s.Time, Source: s.Source, RTPTimestamp: s.RTPTimestamp}
	if s.HasLevel {
		level := linearLevel(s.Level)
		out.AudioLevel = &level
	}
	return out
}

// linearLevel turns a level in -dBov into one from 0 to 1.
//
// webrtc-pc §5.3.1: "an RFC 6465 value of 127 represents digital silence, and is
// 0.0"; "for RFC 6464 ... the level value ... f(x) = 10^(-x/20)".
func linearLevel(level uint8) float64 {
	if level >= 127 {
		return 0
	}
	return math.Pow(10, -float64(level)/20)
}
