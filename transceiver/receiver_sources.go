package transceiver

import (
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/extension"
)

const (
	// sourcesAge is for how long a source is told of. webrtc-pc §5.3: the
	// sources are those "received by this RTCRtpReceiver in the last 10 seconds".
	sourcesAge = 10 * time.Second
	// maxSources bounds the sources of a track: two full lists of contributing
	// sources, and the synchronization sources beside them.
	maxSources = 40
)

// SourceInfo tells of a source that was heard lately: of an
// RTCRtpContributingSource or RTCRtpSynchronizationSource.
type SourceInfo struct {
	// Source is the SSRC or CSRC.
	Source uint32
	// Contributing says which of the two it is.
	Contributing bool
	// Time is when its newest packet arrived.
	Time time.Time
	// RTPTimestamp is that packet's.
	RTPTimestamp uint32
	// HasLevel says that the packet carried the source's audio level, Level, in
	// -dBov: 0 is the loudest, 127 silence (RFC 6464 §3, RFC 6465 §3).
	HasLevel bool
	Level    uint8
	// HasVoice says that the packet carried a voice activity flag, Voice
	// (RFC 6464 §4). Contributing sources have none.
	HasVoice, Voice bool
}

// levels are what the header extensions of a packet say of its loudness.
type levels struct {
	client []byte // the source's (RFC 6464), or nil
	mixed  []byte // those of its contributing sources (RFC 6465), or nil
}

// sources are those that a track has heard.
type sources struct {
	list []SourceInfo
	last int // where the newest stands
}

// hear notes the sources of a packet.
func (s *sources) hear(p *Packet, l levels) {
	i := SourceInfo{Source: p.Header.SSRC, Time: p.Arrival, RTPTimestamp: p.Header.Timestamp}
	if v, err := extension.ParseLevel(l.client); err == nil {
		i.HasLevel, i.Level, i.HasVoice, i.Voice = true, v.Level, true, v.Voice
	}
	s.put(i)
	for n := range int(p.Header.CSRCCount) {
		c := SourceInfo{Source: p.Header.CSRC(p.Raw, n), Contributing: true, Time: p.Arrival, RTPTimestamp: p.Header.Timestamp}
		c.Level, c.HasLevel = extension.MixerLevel(l.mixed, n)
		s.put(c)
	}
}

func (s *sources) put(i SourceInfo) {
	at := s.last
	if at >= len(s.list) || !s.list[at].same(&i) {
		at = slices.IndexFunc(s.list, func(o SourceInfo) bool { return o.same(&i) })
	}
	switch {
	case at >= 0:
		if i.Time.Before(s.list[at].Time) {
			return
		}
	case len(s.list) < maxSources:
		at = len(s.list)
		s.list = append(s.list, SourceInfo{})
	default:
		at = 0
		for n := range s.list {
			if s.list[n].Time.Before(s.list[at].Time) {
				at = n
			}
		}
	}
	s.list[at] = i
	s.last = at
}

func (i *SourceInfo) same(o *SourceInfo) bool {
	return i.Source == o.Source && i.Contributing == o.Contributing
}

// Sources returns the sources that were heard in the last 10 seconds before now,
// the newest first.
func (r *Receiver) Sources(now time.Time) []SourceInfo {
	var out []SourceInfo
	for _, t := range r.Tracks() {
		t.mu.Lock()
		for _, i := range t.sources.list {
			if now.Sub(i.Time) <= sourcesAge {
				out = append(out, i)
			}
		}
		t.mu.Unlock()
	}
	slices.SortStableFunc(out, func(a, b SourceInfo) int { return b.Time.Compare(a.Time) })
	return out
}
