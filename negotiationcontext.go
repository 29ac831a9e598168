package webrtc

import "context"

// The operations of a connection are chained (webrtc-pc §4.4.1.2): each is done as a
// whole before the next one begins, in the order in which they were called. The
// methods of this file give up waiting for theirs when a context ends. What was
// begun is not undone: the operation takes its turn and its effect, and only its
// outcome is lost.

// CreateOfferContext is CreateOffer that waits no longer than ctx allows. It
// returns ctx's error if that ends first.
func (pc *PeerConnection) CreateOfferContext(ctx context.Context, options *OfferOptions) (SessionDescription, error) {
	return waitFor(ctx, pc, func() (SessionDescription, error) { return pc.CreateOffer(options) })
}

// CreateAnswerContext is CreateAnswer that waits no longer than ctx allows. It
// returns ctx's error if that ends first.
func (pc *PeerConnection) CreateAnswerContext(ctx context.Context, options *AnswerOptions) (SessionDescription, error) {
	return waitFor(ctx, pc, func() (SessionDescription, error) { return pc.CreateAnswer(options) })
}

// SetLocalDescriptionContext is SetLocalDescription that waits no longer than ctx
// allows, for handlers of the events that it causes too. It returns ctx's error if
// that ends first; the description is set all the same if it can be.
func (pc *PeerConnection) SetLocalDescriptionContext(ctx context.Context, desc SessionDescription) error {
	_, err := waitFor(ctx, pc, func() (struct{}, error) { return struct{}{}, pc.SetLocalDescription(desc) })
	return err
}

// SetRemoteDescriptionContext is SetRemoteDescription that waits no longer than ctx
// allows, for handlers of the events that it causes too. It returns ctx's error if
// that ends first; the description is set all the same if it can be.
func (pc *PeerConnection) SetRemoteDescriptionContext(ctx context.Context, desc SessionDescription) error {
	_, err := waitFor(ctx, pc, func() (struct{}, error) { return struct{}{}, pc.SetRemoteDescription(desc) })
	return err
}

// AddICECandidateContext is AddICECandidate that waits no longer than ctx allows. It
// returns ctx's error if that ends first; the candidate is added all the same if it
// can be.
func (pc *PeerConnection) AddICECandidateContext(ctx context.Context, candidate ICECandidateInit) error {
	_, err := waitFor(ctx, pc, func() (struct{}, error) { return struct{}{}, pc.AddICECandidate(candidate) })
	return err
}

// waitFor runs an operation on a goroutine of its own, which ends with the operation,
// and waits for it or for ctx. An operation is not begun under a context that has
// ended.
func waitFor[T any](ctx context.Context, pc *PeerConnection, operation func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan outcome, 1)
	pc.running.enter()
	go func() {
		defer pc.running.leave()
		value, err := operation()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
