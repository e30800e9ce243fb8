"""What a language model may say: programs of DSPy, used where a model is configured and never needed.

A model proposes: what it says is checked against what it was given and shown for approval, and acts by nothing else.
"""
