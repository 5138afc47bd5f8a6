package teaching

import "fmt"

// A FewClassesError is a model that was taught images of less than two classes.
type FewClassesError struct{ Model string }

func (e *FewClassesError) Error() string {
	return fmt.Sprintf("the model %s was taught less than two classes: it has nothing to tell apart yet", e.Model)
}

// A NothingTaughtError is a model that no image was taught to yet.
type NothingTaughtError struct{ Model string }

func (e *NothingTaughtError) Error() string {
	return fmt.Sprintf("nothing was taught to the model %s yet", e.Model)
}

// A NotTaughtError is a model that images cannot be added to: it was trained, or loaded.
type NotTaughtError struct{ Model string }

func (e *NotTaughtError) Error() string {
	return fmt.Sprintf("teach %s: it was not made by teaching images, and none can be added to it; choose another name", e.Model)
}
