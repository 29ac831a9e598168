package webrtc

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// GetStatsForTrack returns the figures of what one track is sent or received by
// (webrtc-pc §8.2 and §8.5): the streams of the sender or receiver that has it, and
// all objects that these refer to, directly or not. track is a TrackLocal or a
// *TrackRemote; nil stands for the whole connection.
//
// It returns an InvalidAccessError if no sender or receiver of the connection has
// the track, or more than one.
func (pc *PeerConnection) GetStatsForTrack(track any) (StatsReport, error) {
	if track == nil {
		return pc.GetStats(), nil
	}
	var ids []func(StatsReport) []string
	for _, tr := range pc.view.Load().transceivers {
		// "If selectorArg is a MediaStreamTrack let selector be an RTCRtpSender or
		// RTCRtpReceiver on connection which track attribute matches selectorArg."
		local, isLocal := track.(TrackLocal)
		if isLocal && slices.Contains(tr.Sender().plan.Load().tracks, local) {
			ids = append(ids, tr.Sender().statsIDs)
		}
		if remote, ok := track.(*TrackRemote); ok && remote != nil && remote.receiver == tr.receiver {
			ids = append(ids, tr.receiver.statsIDs)
		}
	}
	// "If no such sender or receiver exists, or if more than one sender or receiver
	// fit this criteria, return a promise rejected with a newly created
	// InvalidAccessError."
	if len(ids) != 1 {
		return nil, &rtcerr.InvalidAccessError{Err: fmt.Errorf("%d senders and receivers of the connection have the track; statistics of a track need one", len(ids))}
	}
	report := pc.GetStats()
	return report.reach(ids[0](report)), nil
}

// GetStats returns the figures of what the sender sends (webrtc-pc §5.2 and §8.5): its
// streams, and all objects that these refer to, directly or not. The error is always
// nil.
func (s *RTPSender) GetStats() (StatsReport, error) {
	report := s.pc.GetStats()
	return report.reach(s.statsIDs(report)), nil
}

// GetStats returns the figures of what the receiver receives (webrtc-pc §5.3 and
// §8.5): its streams, and all objects that these refer to, directly or not. The error
// is always nil.
func (r *RTPReceiver) GetStats() (StatsReport, error) {
	report := r.pc.GetStats()
	return report.reach(r.statsIDs(report)), nil
}

func (s *RTPSender) statsIDs(report StatsReport) []string {
	return report.withPrefix(fmt.Sprintf("O%d-", s.transceiver.id))
}

func (r *RTPReceiver) statsIDs(report StatsReport) []string {
	return report.withPrefix(fmt.Sprintf("I%d-", r.transceiver.id))
}

func (r StatsReport) withPrefix(prefix string) []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(r)), func(id string) bool { return !strings.HasPrefix(id, prefix) })
}

// reach returns the objects with the given IDs and all that they refer to.
func (r StatsReport) reach(ids []string) StatsReport {
	out := StatsReport{}
	for len(ids) > 0 {
		id := ids[len(ids)-1]
		ids = ids[:len(ids)-1]
		if s, ok := r[id]; ok && out[id] == nil {
			out[id] = s
			ids = append(ids, references(s)...)
		}
	}
	return out
}

// references returns the IDs that an object refers to.
func references(s Stats) []string {
	var out []string
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("json")
		if f := v.Field(i); strings.HasSuffix(name, "Id") && f.Kind() == reflect.String && f.Len() > 0 {
			out = append(out, f.String())
		}
	}
	return out
}
