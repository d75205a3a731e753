"""Client surfaces, one file an official SDK: `Surface.ask(model, request, stream)` answers what the SDK's user reads."""

import warnings

from .anthropic_messages import Messages
from .bedrock_converse import Converse
from .gemini_content import GenerateContent
from .openai_chat import Chat
from .openai_responses import Responses

ALL = {one.name: one for one in (Chat, Responses, Messages, GenerateContent, Converse)}

# Recorded replies hold what the SDKs' types do not foresee; they read it all the same.
warnings.filterwarnings("ignore", "Pydantic serializer warnings")
