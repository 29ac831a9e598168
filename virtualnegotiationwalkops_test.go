package webrtc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// takesOver makes the walker one side of the perfect negotiation pattern, with what a
// walk does besides.
func (s *walker) takesOver() {
	plain := s.peer
	n := &negotiator{peer: plain, polite: s == s.walk.sides[0], delay: fixed(s.walk.pause(60)), inbox: make(chan func(), 1000), ended: make(chan struct{})}
	// The pattern that was set up for the peers has carried nothing yet.
	plain.onClose()
	s.negotiator = n
	go n.run()
	plain.onClose = func() { close(n.inbox); <-n.ended }
	s.OnNegotiationNeeded(func() { n.inbox <- s.offers })
	s.OnICECandidate(func(c *ICECandidate) {
		if c != nil {
			n.inbox <- func() { n.held = append(n.held, c.ToJSON()); s.releases() }
		}
	})
	s.OnTrack(func(t *TrackRemote, r *RTPReceiver) {
		for {
			if _, _, err := t.ReadRTP(); err != nil {
				return
			}
			s.mu.Lock()
			s.heard[r.RTPTransceiver()]++
			s.mu.Unlock()
		}
	})
	s.OnDataChannel(func(d *DataChannel) { s.listens(d) })
}

func (s *walker) listens(d *DataChannel) {
	label := d.Label()
	s.mu.Lock()
	s.known[label] = d
	s.mu.Unlock()
	d.OnClose(func() {
		s.mu.Lock()
		s.ends[label]++
		s.mu.Unlock()
	})
	d.OnMessage(func(m DataChannelMessage) {
		s.mu.Lock()
		s.told[string(m.Data)]++
		s.mu.Unlock()
	})
}

// offers makes an offer, and now and then takes one back before it is sent.
func (s *walker) offers() {
	if s.SignalingState() != SignalingStateStable {
		return
	}
	if s.chance.IntN(5) == 0 {
		s.walk.did.note("taken back")
		s.check(s.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		s.check(s.Rollback(), "Rollback")
	}
	s.check(s.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
	s.sends(*s.LocalDescription())
}

func (s *walker) sends(d SessionDescription) {
	s.sent = d.SDP
	s.out.send(s.delay(), func() { s.other.inbox <- func() { s.other.gets(d) } })
	s.releases()
}

// releases sends the candidates whose description has been sent.
func (s *walker) releases() {
	var rest []ICECandidateInit
	for _, init := range s.held {
		if strings.Contains(s.sent, "a=ice-ufrag:"+*init.UsernameFragment+"\r\n") {
			s.out.send(s.delay(), func() { s.other.inbox <- func() { s.other.addCandidate(init) } })
		} else {
			rest = append(rest, init)
		}
	}
	s.held = rest
}

// gets is what arrives of the other side's.
func (s *walker) gets(d SessionDescription) {
	collision := d.Type == SDPTypeOffer && s.SignalingState() != SignalingStateStable
	if collision {
		s.walk.did.note("glare")
	}
	if s.ignoring = !s.polite && collision; s.ignoring {
		return
	}
	what := "SetRemoteDescription(" + d.Type.String() + ")"
	s.check(s.SetRemoteDescription(d), what)
	if d.Type != SDPTypeOffer {
		return
	}
	if s.chance.IntN(5) == 0 {
		s.walk.did.note("received twice")
		s.check(s.Rollback(), "Rollback of a remote offer")
		s.check(s.SetRemoteDescription(d), what)
	}
	if s.chance.IntN(5) == 0 {
		s.walk.did.note("provisional")
		s.check(s.SetLocalDescription(SessionDescription{Type: SDPTypePranswer}), "SetLocalDescription(pranswer)")
		s.sends(*s.LocalDescription())
	}
	s.check(s.SetLocalDescription(SessionDescription{}), "SetLocalDescription(answer)")
	s.sends(*s.LocalDescription())
}

// operation chooses what to do next.
func (s *walker) operation() (name string, do func()) {
	m := s.walk
	n := m.chance.IntN(24)
	pick := m.chance.IntN(1000)
	direction := RTPTransceiverDirection(m.chance.IntN(4)) + RTPTransceiverDirectionSendrecv
	mime := []string{MimeTypeVP8, MimeTypeOpus}[m.chance.IntN(2)]
	switch {
	case n < 4:
		return "AddTrack " + mime, func() { s.addTrack(mime) }
	case n < 6:
		return "AddTransceiverFromKind " + direction.String(), func() {
			_, err := s.AddTransceiverFromKind(mimeKind(mime), RTPTransceiverInit{Direction: direction})
			s.check(err, "AddTransceiverFromKind")
		}
	case n < 8:
		return "AddTransceiverFromTrack " + direction.String(), func() {
			from := s.unsent(s.capability(mime), s.newID())
			t, err := s.AddTransceiverFromTrack(from.track, RTPTransceiverInit{Direction: direction})
			s.check(err, "AddTransceiverFromTrack")
			s.current[t.Sender()] = from
		}
	case n < 10:
		return "RemoveTrack", s.with(pick, func(t *RTPTransceiver) {
			s.check(s.RemoveTrack(t.Sender()), "RemoveTrack")
			delete(s.current, t.Sender())
		})
	case n < 12:
		return "SetDirection " + direction.String(), s.with(pick, func(t *RTPTransceiver) { s.check(t.SetDirection(direction), "SetDirection") })
	case n < 14:
		return "Stop", s.with(pick, func(t *RTPTransceiver) {
			s.walk.did.note("recycled")
			s.check(t.Stop(), "Stop")
			delete(s.current, t.Sender())
		})
	case n < 15:
		return "ReplaceTrack", s.with(pick, s.replaceTrack)
	case n < 16:
		return "SetStreams", s.with(pick, func(t *RTPTransceiver) { s.check(t.Sender().SetStreams(s.newID(), "shared"), "SetStreams") })
	case n < 17:
		return "RestartICE", s.RestartICE
	case n < 19:
		return "CreateDataChannel", s.createChannel
	case n < 21:
		return "CloseDataChannel", func() { s.closeChannel(pick) }
	case n < 23:
		return "AddTransceiverFromTrack simulcast " + direction.String(), func() { s.addSimulcast(direction) }
	default:
		return "SetCodecPreferences", s.with(pick, func(t *RTPTransceiver) { s.check(t.SetCodecPreferences(nil), "SetCodecPreferences") })
	}
}

// with runs do with one of the transceivers that are not stopping, if there is one.
func (s *walker) with(pick int, do func(*RTPTransceiver)) func() {
	return func() {
		var list []*RTPTransceiver
		for _, t := range s.GetTransceivers() {
			if t.Direction() != RTPTransceiverDirectionStopped {
				list = append(list, t)
			}
		}
		if len(list) > 0 {
			do(list[pick%len(list)])
		}
	}
}

func (s *walker) newID() string {
	s.made++
	return fmt.Sprintf("%s-%d", s.name, s.made)
}

func (s *walker) capability(mime string) RTPCodecCapability {
	if mime == MimeTypeOpus {
		return RTPCodecCapability{MimeType: mime, ClockRate: 48000, Channels: 2}
	}
	return asVP8
}

func mimeKind(mime string) RTPCodecType {
	if mime == MimeTypeOpus {
		return RTPCodecTypeAudio
	}
	return RTPCodecTypeVideo
}

func (s *walker) addTrack(mime string) {
	from := s.unsent(s.capability(mime), s.newID())
	sender, err := s.AddTrack(from.track)
	s.check(err, "AddTrack")
	s.current[sender] = from
}

func (s *walker) replaceTrack(t *RTPTransceiver) {
	if s.current[t.Sender()] != nil && s.made%2 == 0 {
		s.check(t.Sender().ReplaceTrack(nil), "ReplaceTrack(nil)")
		delete(s.current, t.Sender())
		return
	}
	mime := MimeTypeVP8
	if t.Kind() == RTPCodecTypeAudio {
		mime = MimeTypeOpus
	}
	from := s.unsent(s.capability(mime), s.newID())
	s.check(t.Sender().ReplaceTrack(from.track), "ReplaceTrack")
	s.current[t.Sender()] = from
}

// createChannel makes a channel, which sends its label and expects its peer's.
func (s *walker) createChannel() {
	label := s.newID()
	d, err := s.CreateDataChannel(label, nil)
	s.check(err, "CreateDataChannel")
	s.listens(d)
	s.channels[label] = d
}

// addSimulcast has a camera sent in several streams.
func (s *walker) addSimulcast(direction RTPTransceiverDirection) {
	s.walk.did.note("simulcast")
	from := s.unsent(asVP8, s.newID())
	init := RTPTransceiverInit{Direction: direction}
	for _, rid := range []string{"q", "h", "f"} {
		init.SendEncodings = append(init.SendEncodings, RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}})
	}
	t, err := s.AddTransceiverFromTrack(from.track, init)
	s.check(err, "AddTransceiverFromTrack")
	s.current[t.Sender()] = from
}

// closeChannel closes one of the channels that this side has made.
func (s *walker) closeChannel(pick int) {
	labels := slices.Sorted(maps.Keys(s.channels))
	if len(labels) == 0 {
		return
	}
	label := labels[pick%len(labels)]
	d := s.channels[label]
	s.walk.did.note("channel closed when " + d.ReadyState().String())
	s.check(d.Close(), "Close of "+label)
	delete(s.channels, label)
	s.closed[label] = d
}
