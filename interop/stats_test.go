package interop

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// TestChromiumStats compares what both sides say of one call: our figures against
// Chromium's for the same streams, path and channel.
func TestChromiumStats(t *testing.T) {
	c := startCall(t, thePeer(t, "chromium with camera"), onlyIPv4)
	c.opens("beside", nil)
	video, audio := c.sends(loadClip(t, webrtc.MimeTypeVP8)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
	c.theySend(smallCamera(webrtc.MimeTypeVP8))
	c.offers()
	c.waitConnected()
	c.exchange("beside")
	for _, o := range []*outgoing{video, audio} {
		o.play(3 * second)
	}
	time.Sleep(6 * time.Second) // the clips are over, and reported
	ours := c.pc.GetStats()
	theirs := c.theirReport()

	for _, s := range ours {
		switch s := s.(type) {
		case webrtc.OutboundRTPStreamStats:
			their, ok := pick[webrtc.InboundRTPStreamStats](theirs, func(i webrtc.InboundRTPStreamStats) bool { return i.SSRC == s.SSRC })
			t.Logf("%s: we sent %d packets with %d bytes, Chromium received %d with %d and lost %d", s.Kind, s.PacketsSent, s.BytesSent, their.PacketsReceived, their.BytesReceived, their.PacketsLost)
			first := int64(s.PacketsSent) - int64(s.RetransmittedPacketsSent)
			got := int64(their.PacketsReceived) - int64(their.RetransmittedPacketsReceived) + int64(their.PacketsLost)
			switch {
			case !ok || s.PacketsSent == 0:
				t.Errorf("%s: SSRC %d has sent %d packets, Chromium knows it: %v", s.Kind, s.SSRC, s.PacketsSent, ok)
			case first != got:
				t.Errorf("%s: we sent %d packets first, Chromium has %d", s.Kind, first, got)
			case their.PacketsLost == 0 && s.BytesSent-s.RetransmittedBytesSent != their.BytesReceived-their.RetransmittedBytesReceived:
				t.Errorf("%s: we sent %d bytes, Chromium received %d", s.Kind, s.BytesSent, their.BytesReceived)
			case s.Mid != their.Mid:
				t.Errorf("%s: mid %s, to Chromium %s", s.Kind, s.Mid, their.Mid)
			}
			report, ok := ours[s.RemoteID].(webrtc.RemoteInboundRTPStreamStats)
			if !ok || report.PacketsLost != their.PacketsLost || report.RoundTripTime < 0 || report.RoundTripTime > 0.5 || report.RoundTripTimeMeasurements == 0 {
				t.Errorf("%s: Chromium reports %+v", s.Kind, report)
			}
		case webrtc.InboundRTPStreamStats:
			their, ok := pick[webrtc.OutboundRTPStreamStats](theirs, func(o webrtc.OutboundRTPStreamStats) bool { return o.SSRC == s.SSRC })
			t.Logf("%s: we received %d packets with %d bytes, Chromium has sent %d with %d", s.Kind, s.PacketsReceived, s.BytesReceived, their.PacketsSent, their.BytesSent)
			// It goes on sending between the two reports.
			if !ok || s.PacketsReceived > their.PacketsSent || s.PacketsReceived < their.PacketsSent*8/10 || s.BytesReceived > their.BytesSent {
				t.Errorf("%s: we received %d packets, Chromium sent %d", s.Kind, s.PacketsReceived, their.PacketsSent)
			}
		}
	}
	c.compareTransports(ours, theirs)
}

// compareTransports compares what is said of the path, of DTLS and of the channel.
func (c *call) compareTransports(ours, theirs webrtc.StatsReport) {
	c.Helper()
	us, ok := pick[webrtc.TransportStats](ours, nil)
	them, theyKnow := pick[webrtc.TransportStats](theirs, nil)
	if !ok || !theyKnow {
		c.Fatal("a report has no transport")
	}
	pair, _ := ours[us.SelectedCandidatePairID].(webrtc.ICECandidatePairStats)
	their, _ := theirs[them.SelectedCandidatePairID].(webrtc.ICECandidatePairStats)
	c.Logf("we sent %d bytes and received %d, Chromium received %d and sent %d; round trips %v and %v",
		us.BytesSent, us.BytesReceived, them.BytesReceived, them.BytesSent, pair.CurrentRoundTripTime, their.CurrentRoundTripTime)
	certificate, _ := ours[us.LocalCertificateID].(webrtc.CertificateStats)
	seen, _ := theirs[them.RemoteCertificateID].(webrtc.CertificateStats)
	switch {
	case us.TLSVersion != them.TLSVersion, us.SRTPCipher == "", us.DTLSRole == them.DTLSRole, us.ICERole == them.ICERole:
		c.Errorf("ours %+v, Chromium's %+v", us, them)
	case certificate.Fingerprint == "" || certificate.Fingerprint != seen.Fingerprint:
		c.Errorf("our certificate is %s, to Chromium %s", certificate.Fingerprint, seen.Fingerprint)
	case them.BytesReceived < us.BytesSent*9/10, them.BytesReceived > us.BytesSent*11/10:
		c.Errorf("we sent %d bytes, Chromium received %d", us.BytesSent, them.BytesReceived)
	case pair.CurrentRoundTripTime <= 0, pair.CurrentRoundTripTime > 0.5, pair.ResponsesReceived == 0:
		c.Errorf("our pair: %+v", pair)
	}
	d, _ := pick[webrtc.DataChannelStats](ours, nil)
	e, _ := pick[webrtc.DataChannelStats](theirs, nil)
	if d.Label != e.Label || d.DataChannelIdentifier != e.DataChannelIdentifier || d.MessagesSent != e.MessagesReceived || d.BytesReceived != e.BytesSent {
		c.Errorf("our channel is %+v, Chromium's %+v", d, e)
	}
}

// theirReport returns the whole report of a peer that speaks JavaScript, as far as it
// has objects of the specification.
func (c *call) theirReport() webrtc.StatsReport {
	c.Helper()
	var all []json.RawMessage
	c.eval(&all, `return [...(await pc.getStats()).values()]`)
	report := webrtc.StatsReport{}
	for _, raw := range all {
		var head struct{ ID string }
		c.must(json.Unmarshal(raw, &head))
		if s, err := webrtc.UnmarshalStatsJSON(raw); err == nil {
			report[head.ID] = s
		} else {
			c.Logf("%s: %v", raw, err)
		}
	}
	return report
}

// pick returns an object of a type that fits; any if fits is nil.
func pick[S webrtc.Stats](r webrtc.StatsReport, fits func(S) bool) (S, bool) {
	for _, s := range r {
		if s, ok := s.(S); ok && (fits == nil || fits(s)) {
			return s, true
		}
	}
	var none S
	return none, false
}
