package webrtc

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// An AudioPlayoutStatsProvider is what a program that plays audio has tell reports of
// it (webrtc-stats, RTCAudioPlayoutStats): the library plays nothing. Tracks are
// given to it by TrackRemote.SetPlayoutStats. Its methods are called from any
// goroutine.
type AudioPlayoutStatsProvider interface {
	// AddTrack says that the track is played there.
	AddTrack(track *TrackRemote) error
	// RemoveTrack takes that back.
	RemoveTrack(track *TrackRemote)
	// Snapshot returns the figures at the time now; false if there are none. Its
	// ID has to stay the same. Type, Kind and Timestamp are filled in by the
	// report.
	Snapshot(now time.Time) (AudioPlayoutStats, bool)
}

// SetPlayoutStats says what plays the track, so that reports have its figures; nil
// for nothing. It calls the provider's AddTrack, and RemoveTrack of the one before,
// and returns the former's error, which changes nothing.
func (t *TrackRemote) SetPlayoutStats(p AudioPlayoutStatsProvider) error {
	if p != nil {
		if err := p.AddTrack(t); err != nil {
			return err
		}
	}
	t.playedBy(p)
	return nil
}

// playedBy changes what plays the track.
func (t *TrackRemote) playedBy(p AudioPlayoutStatsProvider) {
	var next *AudioPlayoutStatsProvider
	if p != nil {
		next = &p
	}
	if old := t.playout.Swap(next); old != nil && *old != p {
		(*old).RemoveTrack(t)
	}
}

// A defaultAudioPlayoutStatsProvider has figures that the program sets.
type defaultAudioPlayoutStatsProvider struct {
	mu      sync.Mutex // guards all below
	figures AudioPlayoutStats
	tracks  []*TrackRemote
}

// NewAudioPlayoutStatsProvider returns a provider with the given ID. Its figures are
// those that Update was given last; there are none while it has no track.
func NewAudioPlayoutStatsProvider(id string) *defaultAudioPlayoutStatsProvider {
	return &defaultAudioPlayoutStatsProvider{figures: AudioPlayoutStats{ID: id}}
}

// AddTrack says that the track is played there. It returns a TypeError for nil and
// for video.
func (d *defaultAudioPlayoutStatsProvider) AddTrack(track *TrackRemote) error {
	if track == nil || track.Kind() != RTPCodecTypeAudio {
		return &rtcerr.TypeError{Err: fmt.Errorf("what plays audio is given a track of audio")}
	}
	d.mu.Lock()
	if !slices.Contains(d.tracks, track) {
		d.tracks = append(d.tracks, track)
	}
	d.mu.Unlock()
	track.playedBy(d)
	return nil
}

// RemoveTrack takes that back.
func (d *defaultAudioPlayoutStatsProvider) RemoveTrack(track *TrackRemote) {
	d.mu.Lock()
	d.tracks = slices.DeleteFunc(d.tracks, func(t *TrackRemote) bool { return t == track })
	d.mu.Unlock()
	if p := track.playout.Load(); p != nil && *p == AudioPlayoutStatsProvider(d) {
		track.playout.CompareAndSwap(p, nil)
	}
}

// Update sets the figures. ID, Type, Kind and Timestamp are not looked at.
func (d *defaultAudioPlayoutStatsProvider) Update(s AudioPlayoutStats) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.ID = d.figures.ID
	d.figures = s
}

// Snapshot returns the figures that were set last.
func (d *defaultAudioPlayoutStatsProvider) Snapshot(time.Time) (AudioPlayoutStats, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.figures, len(d.tracks) > 0
}
