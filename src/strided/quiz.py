"""Predictions and wrap-up quizzes: questions you answer for yourself, never for points."""

from html import escape

from strided import manifest
from strided.display import Html


def predict(id: str, prediction: object = ...) -> None:
    """Commit to a prediction, then see the answer and its reason.

    While `prediction` is still `...`, nothing is revealed. Raises ValueError for an unknown id.
    """
    try:
        question = manifest.predictions()[id]
    except KeyError:
        known = ", ".join(manifest.predictions())
        raise ValueError(f"there is no prediction {id!r}; the predictions are {known}") from None
    if prediction is ...:
        print("Write your prediction in place of the three dots, then run this cell again.")
        return
    if _same(prediction, question.answer):
        print(f"You predicted {prediction!r}, and that is what happens.")
    else:
        print(f"You predicted {prediction!r}; what happens is {question.answer!r}.")
    print(question.why)


def _same(prediction: object, answer: object) -> bool:
    if isinstance(answer, str):
        return str(prediction).strip().lower() == answer.lower()
    if isinstance(answer, list):
        return isinstance(prediction, list | tuple) and list(prediction) == answer
    return prediction == answer


def wrap_up(lesson: str) -> Html:
    """Show the wrap-up quiz of a lesson: open a choice to see whether it holds, and why.

    Raises ValueError for an unknown lesson.
    """
    try:
        questions = manifest.lessons()[lesson].quiz
    except KeyError:
        known = ", ".join(manifest.lessons())
        raise ValueError(f"there is no lesson {lesson!r}; the lessons are {known}") from None
    html, text = [], []
    for number, question in enumerate(questions, 1):
        # A question stands nearer to its own choices than to those above it.
        html.append(
            '<p style="margin:1.2em 0 0.4em">'
            f"<strong>{number}. {escape(question.question)}</strong></p>"
        )
        text.append(f"{number}. {question.question}")
        for choice in question.choices:
            right = choice == question.answer
            verdict = f"Yes. {question.why}" if right else "No. Try another one."
            html.append(
                f"<details><summary>{escape(choice)}</summary><p>{escape(verdict)}</p></details>"
            )
            text.append(f"   - {choice}")
    return Html(f"<section>{''.join(html)}</section>", "\n".join(text))
