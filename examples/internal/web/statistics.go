package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/plot"
)

// statistics are the charts of a session: what the browser measures and tells,
// and what is counted here.
type statistics struct {
	// token names the session's charts in their addresses.
	token string
	start time.Time
	// charts are named as the page asks for them.
	bitrate, loss, roundTrip *plot.Chart

	last map[string]float64 // what was told the last time; read's goroutine's alone
}

func newStatistics() *statistics {
	ways := []string{"video, browser to Go", "video, Go to browser", "audio, browser to Go", "audio, Go to browser"}
	return &statistics{
		token: rand.Text(), start: time.Now(), last: map[string]float64{},
		bitrate:   plot.New(plot.Bitrate, 100_000, ways...),
		loss:      plot.New(plot.Percent, 0.04, ways...),
		roundTrip: plot.New(plot.Milliseconds, 0.004, "ICE checks", "RTCP of video", "RTCP of audio"),
	}
}

// A report is what the page takes from its browser's getStats, each second
// (webrtc-stats: inbound-rtp, remote-inbound-rtp and candidate-pair). The
// numbers are sums since the beginning; times are in seconds.
type report struct {
	Kinds []kindReport `json:"kinds"`
	// RoundTrip is what ICE measures with its checks; nil if it has not yet.
	RoundTrip *float64 `json:"roundTrip"`
}

// A kindReport is about the picture or the sound.
type kindReport struct {
	Kind string `json:"kind"`
	// At is the time of the browser's clock.
	At float64 `json:"at"`
	// What the browser receives.
	BytesReceived   float64 `json:"bytesReceived"`
	PacketsReceived float64 `json:"packetsReceived"`
	PacketsLost     float64 `json:"packetsLost"`
	// RoundTrip is from Go's receiver reports; nil before the first.
	RoundTrip *float64 `json:"roundTrip"`
}

// maxKinds is how many kinds a report may tell of.
const maxKinds = 2

// told draws what the browser has measured.
func (s *statistics) told(r report) {
	now := time.Since(s.start)
	if r.RoundTrip != nil {
		s.roundTrip.Add("ICE checks", now, *r.RoundTrip)
	}
	for _, k := range r.Kinds[:min(len(r.Kinds), maxKinds)] {
		if k.Kind != "video" && k.Kind != "audio" {
			continue
		}
		at, bytes := s.since(k.Kind+" at", k.At), s.since(k.Kind+" bytes", k.BytesReceived)
		received, lost := s.since(k.Kind+" received", k.PacketsReceived), s.since(k.Kind+" lost", k.PacketsLost)
		if at > 0 {
			s.bitrate.Add(k.Kind+", Go to browser", now, max(0, 8*bytes/at))
		}
		if received+lost > 0 {
			s.loss.Add(k.Kind+", Go to browser", now, min(max(0, lost/(received+lost)), 1))
		}
		if k.RoundTrip != nil {
			s.roundTrip.Add("RTCP of "+k.Kind, now, *k.RoundTrip)
		}
	}
}

// since returns by how much a sum has grown, 0 the first time.
func (s *statistics) since(name string, sum float64) float64 {
	before, ok := s.last[name]
	s.last[name] = sum
	if !ok {
		return 0
	}
	return sum - before
}

// count draws what the call counts, each second until the context ends.
func (s *statistics) count(ctx context.Context, c *call) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	kinds := []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio}
	var last [2]struct{ bytes, sent, lost int }
	before := time.Now()
	for {
		var now time.Time
		select {
		case now = <-tick.C:
		case <-ctx.Done():
			return
		}
		for i, kind := range kinds {
			bytes, sent, lost := c.counts(kind)
			if sent > 0 {
				rate := float64(8*(bytes-last[i].bytes)) / now.Sub(before).Seconds()
				s.bitrate.Add(kind.String()+", browser to Go", now.Sub(s.start), rate)
			}
			if n := sent - last[i].sent; n > 0 {
				s.loss.Add(kind.String()+", browser to Go", now.Sub(s.start), min(max(0, float64(lost-last[i].lost)/float64(n)), 1))
			}
			last[i].bytes, last[i].sent, last[i].lost = bytes, sent, lost
		}
		before = now
		c.recordingState()
	}
}

// chart returns a chart by the name that the page has for it.
func (s *statistics) chart(name string) *plot.Chart {
	switch name {
	case "bitrate":
		return s.bitrate
	case "loss":
		return s.loss
	case "round-trip":
		return s.roundTrip
	}
	return nil
}

// servePlot draws a chart of a session's.
func (s *Server) servePlot(w http.ResponseWriter, r *http.Request) {
	one := s.session(r.PathValue("token"))
	if one == nil {
		http.NotFound(w, r)
		return
	}
	chart := one.statistics.chart(r.PathValue("chart"))
	if chart == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	// A drawing has its colours in style attributes, and is a document of its own
	// when it is opened alone.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = chart.SVG(w, plotTheme(r.URL.Query().Get("theme"))) // fails if the browser has gone
}

// plotTheme returns the theme of a name, which is light or dark.
func plotTheme(name string) plot.Theme {
	if name == "dark" {
		return plot.Dark
	}
	return plot.Light
}
